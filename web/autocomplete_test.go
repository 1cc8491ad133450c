package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// form is what a password manager sees of a form.
type form struct {
	tokens  []string
	submits int
	// passwords and usernames are fields by their autocomplete token.
	passwords, usernames int
}

func formsOf(t *testing.T, body string) []form {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var forms []form
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" {
			forms = append(forms, read(n))
		}
	}
	return forms
}

func read(n *html.Node) form {
	var f form
	for field := range n.Descendants() {
		attributes := map[string]string{}
		for _, a := range field.Attr {
			attributes[a.Key] = a.Val
		}
		switch {
		case field.Data == "button" && attributes["type"] == "submit" && attributes["value"] != "deny":
			f.submits++
		case field.Data == "input" && attributes["autocomplete"] != "":
			f.tokens = append(f.tokens, attributes["autocomplete"])
			if attributes["type"] == "password" {
				f.passwords++
			}
			if attributes["autocomplete"] == "username" {
				f.usernames++
			}
		}
	}
	return f
}

// WHATWG HTML, section 4.10.18.7.1, and what password managers ask for: a user
// name beside every password, in one form with one button.
func TestPasswordManagersUnderstandEveryForm(t *testing.T) {
	for path, want := range map[string][]string{
		"/login?request=r1":                  {"username", "current-password"},
		"/register?request=r1":               {"given-name", "family-name", "username", "new-password"},
		"/verify-email/resend":               {"username"},
		"/reset-password":                    {"username"},
		"/reset-password?token=" + goodToken: {"username", "new-password"},
		"/accept-invite?token=" + goodToken:  {"username", "new-password"},
		"/verify-email?token=" + goodToken:   nil,
	} {
		t.Run(path, func(t *testing.T) {
			h, _ := newPostHouse(t)
			page := h.get(path)
			forms := formsOf(t, page.body)
			if page.StatusCode != http.StatusOK || len(forms) != 1 {
				t.Fatalf("status %d, %d forms", page.StatusCode, len(forms))
			}
			f := forms[0]
			if !slices.Equal(f.tokens, want) {
				t.Errorf("tokens %v, want %v", f.tokens, want)
			}
			if f.submits != 1 {
				t.Errorf("%d buttons", f.submits)
			}
			if f.passwords > 0 && f.usernames != 1 {
				t.Errorf("%d user names beside a password", f.usernames)
			}
		})
	}
}
