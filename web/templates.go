package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the screens, each with the layout around it.
type templates struct {
	shown map[string]parsed
	// own are ours where the operator's are shown.
	own map[string]parsed
}

// parsed is a screen. Ours are parsed when they are first shown: all of them
// together are a tenth of the memory of an idle process, and few are ever shown
// at an installation.
type parsed func() (*template.Template, error)

// frames are the files that screens share.
func frames() []string {
	return []string{"templates/layout.html", "templates/parts.html", "templates/fields.html", "templates/enrolment_parts.html"}
}

// accountFrame is around the pages of "My account" as well: those whose name
// begins with "account".
const accountFrame = "templates/account_layout.html"

// parseTemplates reads our templates, and those that the operator lays over
// them. source are the words that there are.
func parseTemplates(over map[string]string, source map[string]string) (templates, error) {
	all := templates{shown: map[string]parsed{}, own: map[string]parsed{}}
	keys := slices.Sorted(maps.Keys(source))
	for name, content := range over {
		if err := checkTemplate(name, content, source, keys); err != nil {
			return all, fmt.Errorf("overlay: %w", err)
		}
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return all, err
	}
	for _, file := range files {
		if slices.Contains(frames(), file) || file == accountFrame {
			continue
		}
		name := strings.TrimSuffix(path.Base(file), ".html")
		parts := append(frames(), file)
		if strings.HasPrefix(name, "account") {
			parts = append(parts, accountFrame)
		}
		all.shown[name] = sync.OnceValues(func() (*template.Template, error) {
			return template.ParseFS(templateFiles, parts...)
		})
		if !slices.ContainsFunc(parts, func(part string) bool { return over[part] != "" }) {
			continue
		}
		all.own[name] = all.shown[name]
		theirs, err := overlaid(parts, over)
		if err != nil {
			return all, fmt.Errorf("overlay: %w", err)
		}
		all.shown[name] = func() (*template.Template, error) { return theirs, nil }
	}
	return all, nil
}

// overlaid parses a screen of which some files are the operator's. html/template
// names file and line of what is wrong.
func overlaid(parts []string, over map[string]string) (*template.Template, error) {
	t := template.New("screen")
	for _, part := range parts {
		content, ok := over[part]
		if !ok {
			own, err := fs.ReadFile(templateFiles, part)
			if err != nil {
				return nil, err
			}
			content = string(own)
		}
		if _, err := t.New(part).Parse(content); err != nil {
			return nil, err
		}
	}
	if err := checkEscaping(t); err != nil {
		// It does not always know the file.
		ours := func(part string) bool { return over[part] == "" }
		return nil, fmt.Errorf("%s: %w", strings.Join(slices.DeleteFunc(slices.Clone(parts), ours), ", "), err)
	}
	return t, nil
}

// render writes a screen.
func (t templates) render(w io.Writer, name string, data any) error {
	return t.shown[name].render(w, data)
}

func (p parsed) render(w io.Writer, data any) error {
	screen, err := p()
	if err != nil {
		return fmt.Errorf("template: %w", err)
	}
	return screen.ExecuteTemplate(w, "layout", data)
}
