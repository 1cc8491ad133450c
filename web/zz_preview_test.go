package web_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
	"gatehouse/web"
)

func TestZZPreview(t *testing.T) {
	if os.Getenv("PREVIEW") == "" {
		t.Skip()
	}
	fs := map[string]string{}
	for tag, name := range map[string]string{"ar": "العربية", "es": "Español", "fr": "Français", "he": "עברית", "it": "Italiano", "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pl": "Polski", "pt-BR": "Português (Brasil)", "tr": "Türkçe", "uk": "Українська", "zh-Hans": "简体中文"} {
		fs["locales/"+tag+".json"] = fmt.Sprintf(`{"language.name": %q}`, name)
	}
	fs["locales/ar.json"] = `{"language.name": "العربية","login.heading":"تسجيل الدخول إلى {{.App}}","login.lead":"استخدم حسابك في {{.Project}}.","login.email":"البريد الإلكتروني","login.password":"كلمة المرور","login.reveal":"إظهار","login.remember":"إبقائي مسجلاً","login.remember_hint":"فقط على جهاز يخصك.","login.submit":"تسجيل الدخول","page.back_to_app":"العودة إلى {{.App}}"}`
	for _, mode := range []string{"plain", "branded"} {
		p := newProject()
		h := newHouse(t, func(c *web.Config) {
			c.Overlay = folder(fs)
			if mode == "branded" {
				c.Brand, c.Theme = p, web.Theme{}
			}
		})
		logo, _ := os.ReadFile("/tmp/logo.svg")
		bg, _ := os.ReadFile("/tmp/bg.svg")
		p.files["l"] = storage.Picture{ContentType: "image/svg+xml", Body: logo}
		p.files["b"] = storage.Picture{ContentType: "image/svg+xml", Body: bg}
		p.say(storage.Project{Name: "Hafen & Söhne", Color: "#ffeb3b", Logo: "l", Background: "b", Note: "**New here?** Ask [the desk](mailto:desk@acme.example) for an account.\n\n- one\n- two"})
		h.wait("c1", authorize.PromptConsent)
		h.chooser()
		i := h.wait("r1", authorize.PromptLogin)
		i.Client.LogoURI = ""
		fmt.Println("URL", mode, h.server.URL)
	}
	time.Sleep(40 * time.Minute)
}
