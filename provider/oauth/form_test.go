package oauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
)

func TestReadForm(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		name, method, target, kind, body string
		status                           int // 0: read
	}{
		{"a form", http.MethodPost, "/", form, "a=1&b=2", 0},
		{"a form with a charset", http.MethodPost, "/", form + ";charset=UTF-8", "a=1", 0},
		{"an empty form", http.MethodPost, "/", form, "", 0},
		{"resource twice", http.MethodPost, "/", form, "resource=1&resource=2", 0},
		{"GET", http.MethodGet, "/?a=1", "", "", http.StatusMethodNotAllowed},
		{"PUT", http.MethodPut, "/", form, "a=1", http.StatusMethodNotAllowed},
		{"a query", http.MethodPost, "/?a=1", form, "b=2", http.StatusBadRequest},
		{"a parameter twice", http.MethodPost, "/", form, "a=1&a=2", http.StatusBadRequest},
		{"a parameter twice, once empty", http.MethodPost, "/", form, "a=1&a=", http.StatusBadRequest},
		{"JSON", http.MethodPost, "/", "application/json", `{"a":"1"}`, http.StatusBadRequest},
		{"multipart", http.MethodPost, "/", "multipart/form-data; boundary=x", "--x--", http.StatusBadRequest},
		{"no content type", http.MethodPost, "/", "", "a=1", http.StatusBadRequest},
		{"a broken escape", http.MethodPost, "/", form, "a=%zz", http.StatusBadRequest},
		{"a semicolon", http.MethodPost, "/", form, "a=1;b=2", http.StatusBadRequest},
		{"too large", http.MethodPost, "/", form, "a=" + strings.Repeat("x", oauth.MaxFormSize), http.StatusRequestEntityTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), test.method, test.target, strings.NewReader(test.body))
			if test.kind != "" {
				r.Header.Set("Content-Type", test.kind)
			}
			_, err := oauth.ReadForm(httptest.NewRecorder(), r, "resource")
			var refused *oauth.Error
			switch {
			case test.status == 0 && err != nil:
				t.Errorf("error %v", err)
			case test.status != 0 && (!errors.As(err, &refused) || refused.Status != test.status || refused.Code != oauth.InvalidRequest):
				t.Errorf("error %v", err)
			}
		})
	}
}

// What went wrong inside stays inside.
func TestErrorsOfOursStayOurs(t *testing.T) {
	answer := httptest.NewRecorder()
	oauth.WriteError(answer, errors.New("password hunter2 on redis:6379"))
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "hunter2") || !strings.Contains(answer.Body.String(), `"server_error"`) {
		t.Errorf("answer %d %s", answer.Code, answer.Body)
	}
	answer = httptest.NewRecorder()
	oauth.WriteError(answer, oauth.NewError(oauth.InvalidGrant, "no").WithCause(errors.New("grant 17 of ada")))
	if answer.Code != http.StatusBadRequest || strings.Contains(answer.Body.String(), "ada") {
		t.Errorf("answer %d %s", answer.Code, answer.Body)
	}
}
