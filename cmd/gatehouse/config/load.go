package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
)

// Options say what to read.
type Options struct {
	// Path is the file that was asked for. Empty means what GATEHOUSE_CONFIG
	// names, else gatehouse.yaml here, else /etc/gatehouse/gatehouse.yaml, else
	// no file.
	Path string
	// Environment is what os.Environ returns.
	Environment []string
	// Flags are the settings that were given as flags, by key.
	Flags map[string]string
	// Rules are those that clients are held to.
	Rules clients.Rules
	// WithoutToken neither reads nor asks for the tokens of Directus, for
	// commands that do without: they may not exist yet.
	WithoutToken bool
}

// Loaded is a configuration with the origin of everything in it.
type Loaded struct {
	Config
	// Path is the file that was read, or empty.
	Path string

	origins map[string]Origin
	// secretGiven says of each client whether it has a secret.
	secretGiven []bool
}

// Origin says where the value of a key comes from.
func (l *Loaded) Origin(key string) Origin { return l.origins[key] }

type loader struct {
	*Loaded
	config   *Config
	options  Options
	keys     keys
	problems *Problems
}

// Load reads, merges and checks the configuration. The error is a Problems with
// everything that is to be mended.
func Load(options Options) (*Loaded, error) {
	loaded := &Loaded{origins: map[string]Origin{}}
	l := &loader{
		Loaded: loaded, config: &loaded.Config, options: options,
		keys: keysOf(settings(), claimsKey, scopesKey, clientsKey), problems: &Problems{},
	}
	l.config.Claims = claims.DefaultMapping()
	sources := []map[string]given{l.file(), l.environment(options.Environment), l.flags()}
	for _, s := range settings() {
		l.setting(s, sources)
	}
	l.tree(claimsKey, sources, l.claims)
	l.tree(scopesKey, sources, l.scopes)
	l.tree(clientsKey, sources, l.clients)
	l.check()
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return loaded, nil
}

// winner is what the source of the highest precedence says.
func winner(key string, sources []map[string]given) (given, bool) {
	for _, source := range slices.Backward(sources) {
		if g, ok := source[key]; ok {
			return g, true
		}
	}
	return given{}, false
}

func (l *loader) setting(s setting[Config], sources []map[string]given) {
	g, ok := winner(s.key, sources)
	isToken := s.key == tokenKey || s.key == writeTokenKey
	if ok && g.fromFile && isToken {
		*map[string]*string{tokenKey: &l.config.Directus.TokenFile, writeTokenKey: &l.config.Directus.WriteTokenFile}[s.key] = l.resolve(g)
	}
	switch {
	case ok && isToken && l.options.WithoutToken:
		l.origins[s.key] = g.origin
	case ok:
		l.apply(s.key, "", s.secret, s.value(l.config), g)
	case s.fallback != "":
		l.apply(s.key, "", s.secret, s.value(l.config), given{texts: l.fallback(s)})
	}
}

func (l *loader) fallback(s setting[Config]) []string {
	if l.keys.settings[s.key] {
		return strings.Split(s.fallback, ",")
	}
	return []string{s.fallback}
}

func (l *loader) tree(key string, sources []map[string]given, read func(given)) {
	if g, ok := winner(key, sources); ok {
		l.origins[key] = g.origin
		read(g)
	}
}

// apply sets a value and notes where it came from.
func (l *loader) apply(key, shown string, secret bool, v value, g given) {
	texts := g.texts
	if g.fromFile {
		content, err := readSecret(l.resolve(g))
		if err != nil {
			l.problems.add(g.origin, shown+key, "%s", err)
			return
		}
		texts = []string{content}
		if v.list {
			texts = strings.Fields(content)
		}
	}
	if v.path {
		texts = []string{l.resolve(g)}
	}
	if err := v.set(texts); err != nil {
		if secret {
			err = errors.New("is malformed")
		}
		l.problems.add(g.origin, shown+key, "%s", err)
	}
	if shown == "" {
		l.origins[key] = g.origin
	}
}

// resolve reads a relative path in the file as relative to that file.
func (l *loader) resolve(g given) string {
	path := g.texts[0]
	if g.origin.Kind == FromFile && !filepath.IsAbs(path) {
		return filepath.Join(filepath.Dir(l.Path), path)
	}
	return path
}

// readSecret returns the content of a file without the line end.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFileSize {
		return "", fmt.Errorf("%s is larger than 4 MiB, which no secret is", path)
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", fmt.Errorf("%w; make the file readable for the user that gatehouse runs as", err)
	}
	secret := strings.TrimRight(string(content), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty; write the secret into it", path)
	}
	return secret, nil
}

func (l *loader) reader(g given) reader {
	r := reader{name: l.Path, problems: l.problems}
	if g.origin.Kind != FromFile {
		r.origin = &g.origin
	}
	return r
}

func (l *loader) file() map[string]given {
	path, content, err := l.read()
	if err != nil {
		l.problems.add(Origin{}, "", "%s", err)
		return nil
	}
	l.Path = path
	into := map[string]given{}
	if path == "" {
		return into
	}
	node, err := parseDocument(content)
	if err != nil {
		l.problems.add(Origin{}, "", "%s: %s", path, err)
		return into
	}
	if node != nil && !isNull(node) {
		reader{name: path, problems: l.problems}.mapping(node, l.keys, "", "", into)
	}
	return into
}

// read finds the file. One that was asked for must exist.
func (l *loader) read() (path string, content []byte, err error) {
	asked, how := l.options.Path, "--config"
	if asked == "" {
		asked, how = Lookup(l.options.Environment, ConfigVariable), ConfigVariable
	}
	if asked != "" {
		content, err := os.ReadFile(asked) //nolint:gosec // the operator names the file
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w; name a configuration file that exists", how, err)
		}
		return asked, content, nil
	}
	for _, path := range []string{"gatehouse.yaml", "/etc/gatehouse/gatehouse.yaml"} {
		content, err := os.ReadFile(path) //nolint:gosec // fixed names
		if err == nil {
			return path, content, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", nil, fmt.Errorf("%w; make the file readable for the user that gatehouse runs as", err)
		}
	}
	return "", nil, nil
}

func (l *loader) flags() map[string]given {
	into := map[string]given{}
	for _, key := range slices.Sorted(maps.Keys(l.options.Flags)) {
		flag := "--" + key[strings.LastIndex(key, ".")+1:]
		into[key] = given{texts: []string{l.options.Flags[key]}, origin: Origin{Kind: FromFlag, Name: flag}}
	}
	return into
}

// Lookup returns the last value of a variable, or nothing.
func Lookup(environment []string, name string) string {
	for _, entry := range slices.Backward(environment) {
		if key, text, _ := strings.Cut(entry, "="); key == name {
			return text
		}
	}
	return ""
}
