package web

import "strings"

// sign is a text in the header User-Agent and what it stands for.
type sign struct {
	text, name string
}

// browserSigns and systemSigns are in the order in which they are looked for:
// most browsers also name those that they are built upon, most systems those
// that they resemble. Names of products are the same in every language.
func browserSigns() []sign {
	return []sign{
		{"Edg/", "Edge"},
		{"EdgA/", "Edge"},
		{"EdgiOS/", "Edge"},
		{"OPR/", "Opera"},
		{"OPT/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Vivaldi/", "Vivaldi"},
		{"YaBrowser/", "Yandex Browser"},
		{"DuckDuckGo/", "DuckDuckGo"},
		{"Ddg/", "DuckDuckGo"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
}

func systemSigns() []sign {
	return []sign{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"},
		{"Linux", "Linux"},
	}
}

// deviceName recognises browser and system by the header User-Agent. Either is
// empty where it cannot. Anybody can send any header: nothing of it is repeated,
// so that a stranger's sign-in cannot speak to the person whose list it is in.
func deviceName(userAgent string) (browser, system string) {
	return first(browserSigns(), userAgent), first(systemSigns(), userAgent)
}

func first(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.text) {
			return s.name
		}
	}
	return ""
}

// Device is what people call a device: "Firefox on Windows".
func (w words) Device(userAgent string) (string, error) {
	browser, system := deviceName(userAgent)
	switch {
	case browser != "" && system != "":
		return w.T("device.browser_on_system", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system, nil
	}
	return w.T("device.unknown")
}
