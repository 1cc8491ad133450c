package web

import (
	"errors"
	"fmt"
	"math"
	"strconv"
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

// Theme is how the project looks.
type Theme struct {
	// ProjectName stands on every page. Empty shows the issuer's host.
	ProjectName string
	// LogoURL is a picture over https, about four times as wide as high at most.
	// Empty shows the name alone.
	LogoURL string
	// PrimaryColor is written #rrggbb. Empty is Directus's own.
	PrimaryColor string
	// Appearance is Auto when empty.
	Appearance Appearance
}

const (
	directusPrimary = "#6644ff"
	lightSurface    = "#ffffff"
	darkSurface     = "#1b212b"
	// readable is the least contrast of text (WCAG 2.2, 1.4.3).
	readable = 4.5
)

// stylesheet puts the project's colours and appearance before the rules, so that
// a page needs one request for its looks.
func (t Theme) stylesheet(light, dark, rules string) (string, error) {
	name := t.PrimaryColor
	if name == "" {
		name = directusPrimary
	}
	primary, err := parseColor(name)
	if err != nil {
		return "", err
	}
	white, black := color{1, 1, 1}, color{}
	onPrimary := white
	if contrast(primary, white) < readable {
		// Any colour has enough contrast with one of the two.
		onPrimary = black
	}
	surface, night := mustColor(lightSurface), mustColor(darkSurface)
	brand := fmt.Sprintf(":root{--primary:%s;--on-primary:%s}\n", primary, onPrimary)
	day := fmt.Sprintf("%s:root{--accent:%s}\n", light, mend(primary, surface, black))
	dusk := fmt.Sprintf("%s:root{--accent:%s}\n", dark, mend(primary, night, white))
	switch t.Appearance {
	case "", Auto:
		return brand + day + "@media (prefers-color-scheme:dark){\n" + dusk + "}\n" + rules, nil
	case Light:
		return brand + day + rules, nil
	case Dark:
		return brand + dusk + rules, nil
	}
	return "", fmt.Errorf("appearance %q is none of auto, light, dark", t.Appearance)
}

// color has red, green and blue from 0 to 1, gamma-encoded (sRGB).
type color [3]float64

func parseColor(text string) (color, error) {
	digits, ok := strings.CutPrefix(text, "#")
	value, err := strconv.ParseUint(digits, 16, 24)
	if !ok || len(digits) != 6 || err != nil {
		return color{}, errors.New("a colour is written #rrggbb")
	}
	return color{float64(value>>16) / 255, float64(value>>8&255) / 255, float64(value&255) / 255}, nil
}

// mustColor reads one of our own colours.
func mustColor(text string) color {
	c, err := parseColor(text)
	if err != nil {
		panic(err)
	}
	return c
}

// String writes the colour for CSS.
func (c color) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]*255+.5), int(c[1]*255+.5), int(c[2]*255+.5))
}

// luminance and contrast are those of WCAG 2.2.
func (c color) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

func contrast(a, b color) float64 {
	la, lb := a.luminance(), b.luminance()
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// mend moves a colour towards another until it can be read on the surface. What
// it returns is the colour as it will be written.
func mend(c, surface, towards color) color {
	for step := 0.0; step <= 1; step += 0.02 {
		mixed := color{}
		for i := range mixed {
			mixed[i] = c[i] + (towards[i]-c[i])*step
		}
		if written := mustColor(mixed.String()); contrast(written, surface) >= readable {
			return written
		}
	}
	return towards
}
