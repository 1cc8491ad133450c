package web

import (
	"slices"
	"testing"

	"gatehouse/provider/session"
)

func TestDeviceNames(t *testing.T) {
	catalogues, err := newCatalogues("", session.Cookies{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                           "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0":              "Edge on Windows",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36":                                      "Chrome on Linux",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":                      "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0.0.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":             "Safari on iPad",
		"Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0":                                                                       "Firefox on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36":                             "Chrome on ChromeOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 OPR/114.0.0.0":              "Opera on Windows",
		"curl/8.5.0":                          "curl",
		"ShopApp/3 (Android 14)":              "Android",
		"":                                    "Unknown device",
		"Your account is locked, call +1 555": "Unknown device",
	} {
		got, err := catalogues.words(catalogues.fallback).Device(userAgent)
		if err != nil || got != want {
			t.Errorf("%q is %q (%v), want %q", userAgent, got, err, want)
		}
	}
}

func FuzzDeviceName(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64) Firefox/132.0")
	f.Add("<script>\x00Firefox")
	f.Fuzz(func(t *testing.T, userAgent string) {
		browser, system := deviceName(userAgent)
		for name, signs := range map[string][]sign{browser: browserSigns(), system: systemSigns()} {
			ours := func(s sign) bool { return s.name == name }
			if name != "" && !slices.ContainsFunc(append(signs, browserSigns()...), ours) && !slices.ContainsFunc(systemSigns(), ours) {
				t.Errorf("%q put %q on the page", userAgent, name)
			}
		}
	})
}
