package web

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

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

// mix is c with a share of another colour, as it will be written.
func (c color) mix(other color, share float64) color {
	mixed := color{}
	for i := range mixed {
		mixed[i] = c[i] + (other[i]-c[i])*share
	}
	return mustColor(mixed.String())
}

// mend moves a colour towards another until it can be read on every surface.
func mend(c, towards color, surfaces ...color) color {
	for step := 0.0; step <= 1; step += 0.02 {
		if mixed := c.mix(towards, step); mixed.readableOn(surfaces...) {
			return mixed
		}
	}
	return towards
}

func (c color) readableOn(surfaces ...color) bool {
	for _, surface := range surfaces {
		if contrast(c, surface) < readable {
			return false
		}
	}
	return true
}
