package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/storage"
)

// value reads and writes one field of a configuration as text: one text for a
// scalar, any number for a list. Its errors end in the way to mend it, and those
// of secrets never repeat the text.
type value struct {
	set   func(texts []string) error
	texts func() []string
	list  bool
	// path values that are relative and stand in the file are meant from there.
	path   bool
	schema map[string]any
}

func scalar(set func(string) error, get func() string, schema map[string]any) value {
	return value{
		set:   func(texts []string) error { return set(texts[0]) },
		texts: func() []string { return []string{get()} }, schema: schema,
	}
}

func text[S ~string](p *S) value {
	return scalar(func(s string) error { *p = S(s); return nil }, func() string { return string(*p) }, map[string]any{"type": "string"})
}

func path(p *string) value {
	v := text(p)
	v.path = true
	return v
}

func texts[S ~string](p *[]S) value {
	return value{
		list: true,
		set: func(given []string) error {
			*p = nil
			for _, s := range given {
				*p = append(*p, S(s))
			}
			return nil
		},
		texts: func() []string {
			var all []string
			for _, s := range *p {
				all = append(all, string(s))
			}
			return all
		},
		schema: map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	}
}

func choice(p *string, options ...string) value {
	return scalar(func(s string) error {
		if !slices.Contains(options, s) {
			return fmt.Errorf("%q is not known; use one of: %s", s, strings.Join(options, ", "))
		}
		*p = s
		return nil
	}, func() string { return *p }, map[string]any{"type": "string", "enum": options})
}

// choices is a list of which every part is one of the options.
func choices[S ~string](p *[]S, options ...S) value {
	v := texts(p)
	set := v.set
	v.set = func(given []string) error {
		for _, s := range given {
			if !slices.Contains(options, S(s)) {
				return fmt.Errorf("%q is not known; use some of: %v", s, options)
			}
		}
		return set(given)
	}
	v.schema = map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": options}, "uniqueItems": true}
	return v
}

func yesNo(p *bool) value {
	return scalar(func(s string) error {
		switch s {
		case "true":
			*p = true
		case "false":
			*p = false
		default:
			return fmt.Errorf("%q is neither; write true or false", s)
		}
		return nil
	}, func() string { return strconv.FormatBool(*p) }, map[string]any{"type": "boolean"})
}

func number(p *int, least, most int) value {
	return scalar(func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q does not fit; write a whole number from %d to %d", s, least, most)
		}
		*p = n
		return nil
	}, func() string { return strconv.Itoa(*p) }, map[string]any{"type": "integer", "minimum": least, "maximum": most})
}

// optionalNumber is a number that may be absent, which differs from zero.
func optionalNumber(p **int, least, most int) value {
	v := number(new(int), least, most)
	return scalar(func(s string) error {
		n := new(int)
		if err := number(n, least, most).set([]string{s}); err != nil {
			return err
		}
		*p = n
		return nil
	}, func() string {
		if *p == nil {
			return ""
		}
		return strconv.Itoa(**p)
	}, v.schema)
}

func duration(p *time.Duration, least, most time.Duration) value {
	return scalar(func(s string) error {
		d, err := parseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is not a duration; write a number with its unit, such as 30s, 10m, 12h or 30d", s)
		}
		if d < least || d > most {
			return fmt.Errorf("%s does not fit; write a duration from %s to %s", s, formatDuration(least), formatDuration(most))
		}
		*p = d
		return nil
	}, func() string { return formatDuration(*p) },
		map[string]any{"type": "string", "pattern": `^(\d+d)?(\d+(\.\d+)?(h|m|s|ms))*$`})
}

func prefixes(p *[]netip.Prefix) value {
	return value{
		list: true,
		set: func(given []string) error {
			*p = nil
			for _, s := range given {
				prefix, err := netip.ParsePrefix(s)
				if address, addressErr := netip.ParseAddr(s); err != nil && addressErr == nil {
					prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
				}
				if err != nil {
					return fmt.Errorf("%q is not a network; write it like 10.0.0.0/8, 192.0.2.7 or fd00::/8", s)
				}
				*p = append(*p, prefix.Masked())
			}
			return nil
		},
		texts: func() []string {
			var all []string
			for _, prefix := range *p {
				all = append(all, prefix.String())
			}
			return all
		},
		schema: map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	}
}

// parseDuration is time.ParseDuration with days in front.
func parseDuration(s string) (time.Duration, error) {
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, errors.New("days are no whole number")
	}
	d := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return d, nil
	}
	more, err := time.ParseDuration(rest)
	return d + more, err
}

func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	if days := d / (24 * time.Hour); days > 0 {
		fmt.Fprintf(&b, "%dd", days)
		d %= 24 * time.Hour
	}
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d %= unit.size
		}
	}
	if d > 0 {
		b.WriteString(d.String())
	}
	return b.String()
}

// redactedTexts stands for secrets where they are shown.
func redactedTexts(n int) []string {
	return slices.Repeat([]string{storage.Secret("").String()}, n)
}
