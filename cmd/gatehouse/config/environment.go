package config

import (
	"regexp"
	"slices"
	"strings"
)

// ConfigVariable names the file to read.
const ConfigVariable = "GATEHOUSE_CONFIG"

// setupVariables are read by "gatehouse setup" and mean nothing here.
func setupVariables() []string {
	return []string{"GATEHOUSE_SETUP_ADMIN_EMAIL", "GATEHOUSE_SETUP_ADMIN_PASSWORD", "GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE", "GATEHOUSE_SETUP_ADMIN_OTP"}
}

// Kubernetes and Docker links put such variables into every container next to a
// service that is called gatehouse. The last two are for make demo and make test.
var foreignVariable = regexp.MustCompile(`^GATEHOUSE_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?|NAME|ENV_\w+|CACHE|TEST_\w+)$`)

// environment reads every GATEHOUSE_ variable. An empty one counts as not set,
// since Compose passes those on that it does not find.
func (l *loader) environment(variables []string) map[string]given {
	byVariable := map[string]string{}
	for key := range l.keys.settings {
		byVariable[variable(key)] = key
	}
	for key := range l.keys.trees {
		byVariable[variable(key)] = key
	}
	into := map[string]given{}
	for _, entry := range slices.Sorted(slices.Values(variables)) {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "GATEHOUSE_") || text == "" || name == ConfigVariable ||
			slices.Contains(setupVariables(), name) || foreignVariable.MatchString(name) {
			continue
		}
		origin := Origin{Kind: FromEnvironment, Name: name}
		if key, ok := byVariable[name]; ok {
			l.variable(key, text, origin, into)
			continue
		}
		plain, isFile := strings.CutSuffix(name, strings.ToUpper(fileSuffix))
		if key, ok := byVariable[plain]; isFile && ok && l.keys.secrets[key] {
			if _, both := into[key]; both {
				l.problems.add(origin, key, "excludes %s; set one of the two", plain)
			}
			into[key] = given{texts: []string{text}, origin: origin, fromFile: true}
			continue
		}
		l.unknownVariable(origin, byVariable)
	}
	return into
}

func (l *loader) variable(key, text string, origin Origin, into map[string]given) {
	if l.keys.trees[key] {
		node, err := parseDocument([]byte(text))
		if err != nil || node == nil {
			// The parser may repeat a secret, so its words stay out.
			l.problems.add(origin, key, "is neither YAML nor JSON")
			return
		}
		into[key] = given{node: node, origin: origin}
		return
	}
	texts := []string{text}
	if l.keys.settings[key] {
		texts = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
	}
	into[key] = given{texts: texts, origin: origin}
}

func (l *loader) unknownVariable(origin Origin, byVariable map[string]string) {
	candidates := append(setupVariables(), ConfigVariable)
	for name, key := range byVariable {
		candidates = append(candidates, name)
		if l.keys.secrets[key] {
			candidates = append(candidates, name+strings.ToUpper(fileSuffix))
		}
	}
	slices.Sort(candidates)
	if best := suggest(origin.Name, candidates); best != "" {
		l.problems.add(origin, "", "unknown variable; did you mean %s?", best)
		return
	}
	l.problems.add(origin, "", "unknown variable; unset it, or see gatehouse config schema for the keys there are")
}
