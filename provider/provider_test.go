package provider_test

import (
	"testing"

	"gatehouse/provider/providertest"
)

func TestCodeFlow(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	subject := s.AddUser("ada@example.com")
	rp, browser := s.Web(t), s.NewBrowser(t)

	answer := rp.Exchange(browser.SignIn(rp, "ada@example.com", nil))
	if answer.Status != 200 || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("token endpoint: %d %v %s", answer.Status, answer.Header, answer.Raw)
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if answer.Text(name) == "" {
			t.Errorf("no %s in the answer", name)
		}
	}
	info := s.UserInfo(t, answer.Text("access_token"))
	if info.Status != 200 || info.Text("sub") != subject || info.Text("given_name") != "Ada" || info.JSON["email_verified"] != false {
		t.Errorf("userinfo: %d %s", info.Status, info.Raw)
	}
	refreshed := rp.Refresh(answer.Text("refresh_token"))
	if refreshed.Status != 200 || refreshed.Text("refresh_token") == answer.Text("refresh_token") {
		t.Errorf("refresh: %d %s", refreshed.Status, refreshed.Raw)
	}
}
