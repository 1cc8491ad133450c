package web_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"gatehouse/storage"
	"gatehouse/web"
)

// palette are the custom properties of one appearance.
type palette map[string]string

var property = regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{3,6})\b`)

// palettes reads those of both appearances out of a stylesheet.
func palettes(css string) (light, dark palette) {
	day, night, _ := strings.Cut(css, "@media (prefers-color-scheme:dark)")
	night, _, _ = strings.Cut(night, "\n}\n")
	light, dark = palette{}, palette{}
	for _, match := range property.FindAllStringSubmatch(day, -1) {
		light[match[1]], dark[match[1]] = match[2], match[2]
	}
	for _, match := range property.FindAllStringSubmatch(night, -1) {
		dark[match[1]] = match[2]
	}
	return light, dark
}

func (p palette) color(t *testing.T, name string) string {
	t.Helper()
	value := p[name]
	if len(value) == 4 {
		value = "#" + strings.Repeat(value[1:2], 2) + strings.Repeat(value[2:3], 2) + strings.Repeat(value[3:4], 2)
	}
	if len(value) != 7 {
		t.Fatalf("--%s is %q", name, value)
	}
	return value
}

// What stands on what, and how much of a contrast WCAG 2.2 wants: 1.4.3 for
// text, 1.4.11 for what makes a control out and for the focus ring.
func contrastRules() []struct {
	front, back string
	least       float64
} {
	type rule = struct {
		front, back string
		least       float64
	}
	rules := []rule{
		{"on-primary", "primary", 4.5},
		{"on-primary", "primary-hover", 4.5},
		{"danger", "danger-wash", 4.5},
		{"text", "danger-wash", 4.5},
		{"line", "surface", 3},
	}
	for _, surface := range []string{"surface", "canvas", "wash"} {
		for _, front := range []string{"text", "muted", "accent", "danger", "good"} {
			rules = append(rules, rule{front, surface, 4.5})
		}
		// The ring around what has the focus, and the edge of the button.
		rules = append(rules, rule{"accent", surface, 3})
	}
	return rules
}

// WCAG 2.2, 1.4.3 and 1.4.11, for whatever colour the project has.
func TestEveryColorOfAProjectCanBeRead(t *testing.T) {
	project := newProject()
	h := newHouse(t, func(c *web.Config) { c.Brand, c.Theme = project, web.Theme{} })
	colors := []string{
		"", "#000000", "#ffffff", "#ffeb3b", "#ff0000", "#00ff00", "#0000ff", "#767676", "#777777", "#757575", "#1b212b", "#10151c",
		"#252d39", "#f3f4f8", "#e91e63", "#6644ff", "#808080", "#7f7f7f", "#ffff00", "#00ffff", "#ff00ff", "#010101", "#fefefe",
	}
	random := rand.New(rand.NewPCG(2026, 11)) //nolint:gosec // the same colours every time
	for range 1000 {
		colors = append(colors, fmt.Sprintf("#%06x", random.IntN(1<<24)))
	}
	rules := contrastRules()
	for _, color := range colors {
		project.say(storage.Project{Color: color})
		light, dark := palettes(h.stylesheet())
		for name, colors := range map[string]palette{"light": light, "dark": dark} {
			for _, rule := range rules {
				if got := contrast(t, colors.color(t, rule.front), colors.color(t, rule.back)); got < rule.least {
					t.Errorf("project %q, %s: %s on %s has a contrast of %.2f, want %.1f", color, name, rule.front, rule.back, got, rule.least)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
}
