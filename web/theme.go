package web

import (
	"fmt"
	"net/url"
	"strings"
)

// Appearance says whether pages are light or dark.
type Appearance string

// The appearances. Auto follows the browser.
const (
	Auto  Appearance = "auto"
	Light Appearance = "light"
	Dark  Appearance = "dark"
)

// Theme is how the operator wants pages to look. What is empty is taken from
// the project in Directus, if there is a Brand.
type Theme struct {
	// ProjectName stands on every page. Where the project has no name either,
	// the issuer's host does.
	ProjectName string
	// LogoURL is a picture over https, about four times as wide as high at most.
	// Without one the name stands alone.
	LogoURL string
	// FaviconURL and BackgroundURL are pictures over https.
	FaviconURL, BackgroundURL string
	// PrimaryColor is written #rrggbb. Without one it is Directus's own.
	PrimaryColor string
	// Appearance is Auto where nothing is said.
	Appearance Appearance
	// Note is Markdown for the sign-in page.
	Note string
}

const (
	directusPrimary = "#6644ff"
	// readable is the least contrast of text (WCAG 2.2, 1.4.3).
	readable = 4.5
)

// What text of the accent colour stands on: --surface, --canvas and --wash of
// light.css and dark.css.
var (
	lightSurfaces = []color{mustColor("#ffffff"), mustColor("#f3f4f8")}
	darkSurfaces  = []color{mustColor("#1b212b"), mustColor("#10151c"), mustColor("#252d39")}
)

// rules are the stylesheets that a style is made of.
type rules struct {
	light, dark, base, background string
	// custom is the operator's.
	custom string
}

// style is all that the stylesheet depends on.
type style struct {
	color      string
	appearance Appearance
	// background is the address of a picture, or empty.
	background string
}

// sheet puts the project's colours and appearance before the rules, so that a
// page needs one request for its looks.
func (s style) sheet(r rules) (string, error) {
	name := s.color
	if name == "" {
		name = directusPrimary
	}
	primary, err := parseColor(name)
	if err != nil {
		return "", err
	}
	white, black := color{1, 1, 1}, color{}
	brand := brandColors(primary)
	day := fmt.Sprintf("%s:root{--accent:%s}\n", r.light, mend(primary, black, lightSurfaces...))
	dusk := fmt.Sprintf("%s:root{--accent:%s}\n", r.dark, mend(primary, white, darkSurfaces...))
	rest := r.base
	if s.background != "" {
		rest += fmt.Sprintf(":root{--picture:url(%q)}\n%s", cssAddress(s.background), r.background)
	}
	rest += r.custom
	switch s.appearance {
	case "", Auto:
		return brand + day + "@media (prefers-color-scheme:dark){\n" + dusk + "}\n" + rest, nil
	case Light:
		return brand + day + rest, nil
	case Dark:
		return brand + dusk + rest, nil
	}
	return "", fmt.Errorf("appearance %q is none of auto, light, dark", s.appearance)
}

// brandColors are those of the primary button: its own, its text's, and its own
// under the pointer.
func brandColors(primary color) string {
	white, black := color{1, 1, 1}, color{}
	on, away := white, black
	if contrast(primary, white) < readable {
		// Any colour has enough contrast with one of the two.
		on, away = black, white
	}
	// Away from its text, the button stays readable; where there is no way
	// left to go, it goes a little towards it.
	hover := primary.mix(away, .12)
	if contrast(hover, primary) < 1.1 {
		hover = primary.mix(on, .15)
	}
	if contrast(hover, on) < readable {
		hover = primary
	}
	return fmt.Sprintf(":root{--primary:%s;--on-primary:%s;--primary-hover:%s}\n", primary, on, hover)
}

// cssAddress writes an address so that it cannot end the string that it stands
// in.
func cssAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.NewReplacer(`"`, "%22", `'`, "%27", `\`, "%5C", "(", "%28", ")", "%29", "<", "%3C", "\n", "").Replace(u.String())
}
