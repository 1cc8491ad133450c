package web

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// largestCustomCSS bounds what every visitor downloads.
const largestCustomCSS = 64 << 10

// overlay is what the operator lays over the pages.
type overlay struct {
	// templates replace those of ours that have their name.
	templates  map[string]string
	css        string
	catalogues []catalogue
}

// readOverlay reads a folder with templates/*.html, static/custom.css and
// locales/*.json. It refuses what it does not know: a file that is silently not
// used is found out too late. Whoever may write there may write pages: nothing
// here is a border of security.
func readOverlay(files fs.FS) (overlay, error) {
	o := overlay{templates: map[string]string{}}
	if files == nil {
		return o, nil
	}
	if err := knownFiles(files); err != nil {
		return o, err
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return o, err
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return o, err
		}
		o.templates[name] = string(content)
	}
	if o.catalogues, err = readCatalogues(files); err != nil {
		return o, err
	}
	css, err := fs.ReadFile(files, "static/custom.css")
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	if o.css, err = checkCSS(string(css)); err != nil {
		return o, fmt.Errorf("static/custom.css: %w", err)
	}
	return o, nil
}

// knownFiles refuses folders and files of the overlay that nothing reads.
// Whatever begins with a dot is of the tools that deliver it.
func knownFiles(files fs.FS) error {
	ours, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return err
	}
	top, err := fs.ReadDir(files, ".")
	if err != nil {
		return err
	}
	folders := []string{"templates", "static", "locales"}
	for _, entry := range top {
		folder := entry.Name()
		if info, err := fs.Stat(files, folder); err != nil || !info.IsDir() || strings.HasPrefix(folder, ".") {
			continue
		}
		if !slices.Contains(folders, folder) {
			return fmt.Errorf("%s: unknown folder%s", folder, didYouMean(folder, folders))
		}
		entries, err := fs.ReadDir(files, folder)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			name := folder + "/" + entry.Name()
			switch {
			case strings.HasPrefix(entry.Name(), "."), slices.Contains(ours, name), name == "static/custom.css",
				folder == "locales" && path.Ext(name) == ".json":
			default:
				return fmt.Errorf("%s: unknown file%s", name, didYouMean(name, append(ours, "static/custom.css")))
			}
		}
	}
	return nil
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?(?:\*/|$)`)
	cssImport  = regexp.MustCompile(`(?i)@import\b`)
	cssOrigin  = regexp.MustCompile(`(?i)url\(\s*["']?\s*(?:[a-z][a-z0-9+.-]*:|//)`)
)

// checkCSS refuses what would not work, or would tell another host who signs in:
// imports are blocked by the pages' policy and come too late in the stylesheet,
// fonts are blocked, and a picture of another origin is not.
func checkCSS(css string) (string, error) {
	if len(css) > largestCustomCSS {
		return "", fmt.Errorf("it has %d bytes; %d are the most", len(css), largestCustomCSS)
	}
	// Comments are blanked out, not cut, so that lines can be counted.
	bare := cssComment.ReplaceAllStringFunc(css, func(comment string) string {
		return " " + strings.Repeat("\n", strings.Count(comment, "\n"))
	})
	for _, rule := range []struct {
		pattern *regexp.Regexp
		words   string
	}{
		{cssImport, "@import is not possible; write the rules here"},
		{cssOrigin, "url() may lead to this host only, such as url(/brand/background)"},
	} {
		if at := rule.pattern.FindStringIndex(bare); at != nil {
			return "", fmt.Errorf("line %d: %s", 1+strings.Count(bare[:at[0]], "\n"), rule.words)
		}
	}
	return "\n" + css, nil
}

var keyPattern = regexp.MustCompile(`\.T "([^"]*)"`)

// checkTemplate refuses keys that no catalogue has.
func checkTemplate(name, content string, source map[string]string, keys []string) error {
	for _, at := range keyPattern.FindAllStringSubmatchIndex(content, -1) {
		key := content[at[2]:at[3]]
		if _, ok := source[key]; !ok {
			return fmt.Errorf("%s:%d: no catalogue has the key %s%s", name, 1+strings.Count(content[:at[0]], "\n"), key, didYouMean(key, keys))
		}
	}
	return nil
}

// checkEscaping runs what html/template finds out only when a template is used:
// where text stands in it, and how it is to be escaped there.
func checkEscaping(t *template.Template) error {
	var wrong *template.Error
	if err := t.ExecuteTemplate(io.Discard, "layout", nil); errors.As(err, &wrong) {
		return wrong
	}
	return nil
}

// didYouMean names the candidate that is nearest to what was written, if one is
// near.
func didYouMean(written string, candidates []string) string {
	best, least := "", 1+len(written)/3
	for _, candidate := range candidates {
		if d := distance(written, candidate); d <= least {
			best, least = candidate, d-1
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance counts the changes of one letter that lead from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
