package web_test

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatehouse/web"
)

// stylesheet returns what the browser gets with a theme.
func stylesheet(t *testing.T, theme web.Theme) string {
	t.Helper()
	h := newHouse(t, func(c *web.Config) { c.Theme = theme })
	return h.stylesheet()
}

// stylesheet returns that of the sign-in page.
func (h *house) stylesheet() string {
	h.t.Helper()
	_, rest, _ := strings.Cut(h.get("/login?request=r1").body, `rel="stylesheet" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	return h.get(path).body
}

func values(css, name string) []string {
	var found []string
	for _, match := range regexp.MustCompile(`--`+name+`:(#[0-9a-f]{6})`).FindAllStringSubmatch(css, -1) {
		found = append(found, match[1])
	}
	return found
}

// luminance is that of WCAG 2.2, by itself, so that the test does not repeat a
// mistake of the code.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestThemeKeepsAReadableColor(t *testing.T) {
	css := stylesheet(t, web.Theme{PrimaryColor: "#0a5c36"})
	if got := values(css, "accent")[0]; got != "#0a5c36" {
		t.Errorf("accent %s", got)
	}
}

func TestThemeAppearance(t *testing.T) {
	for appearance, test := range map[web.Appearance]struct{ light, dark, auto bool }{
		"": {true, true, true}, web.Auto: {true, true, true}, web.Light: {true, false, false}, web.Dark: {false, true, false},
	} {
		css := stylesheet(t, web.Theme{Appearance: appearance})
		if strings.Contains(css, "color-scheme:light;") != test.light || strings.Contains(css, "color-scheme:dark;") != test.dark ||
			strings.Contains(css, "@media (prefers-color-scheme:dark)") != test.auto {
			t.Errorf("appearance %q is not what was asked for", appearance)
		}
	}
}

func TestThemeRefused(t *testing.T) {
	var config web.Config
	newHouse(t, func(c *web.Config) { config = *c })
	for _, theme := range []web.Theme{
		{LogoURL: "javascript:alert(1)"}, {BackgroundURL: "data:image/png,x"}, {FaviconURL: "/icon.png"}, {PrimaryColor: "red"}, {PrimaryColor: "#fff"}, {PrimaryColor: "#12345g"}, {PrimaryColor: "#fff}body{x"}, {Appearance: "sepia"},
	} {
		config.Theme = theme
		if _, err := web.New(config); err == nil {
			t.Errorf("theme %+v was taken", theme)
		}
	}
}

func TestThemeLogo(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Theme.LogoURL = "https://acme.example/logo.svg" })
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, `src="https://acme.example/logo.svg" alt="Acme"`)
}
