package directus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// Nobody learns from the answer, or from the requests behind it, who has an
// account.
func TestRequestResetTellsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user  directustest.User
		mails int
	}{
		"known":             {directustest.User{Email: email, Password: password}, 1},
		"in capitals":       {directustest.User{Email: strings.ToUpper(email), Password: password}, 1},
		"without password":  {directustest.User{Email: email}, 1},
		"unknown":           {directustest.User{Email: "grace@example.com"}, 0},
		"suspended":         {directustest.User{Email: email, Status: "suspended"}, 0},
		"external provider": {directustest.User{Email: email, Provider: "google"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			b.fake.AddUser(test.user)
			err := b.client.RequestReset(t.Context(), storage.ResetRequest{Email: email, URL: resetPage + "?request=r", Caller: caller})
			if err != nil {
				t.Error(err)
			}
			mails := b.fake.Mails()
			if len(mails) != test.mails {
				t.Errorf("%d mails, want %d", len(mails), test.mails)
			}
			if len(mails) == 1 && !strings.HasPrefix(mails[0].Link, resetPage+"?request=r&token=") {
				t.Errorf("mail leads to %s", mails[0].Link)
			}
			if calls := b.fake.Calls("/auth/password/request") + b.fake.Calls("/users"); calls != 1 {
				t.Errorf("%d requests, want 1", calls)
			}
		})
	}
}

func TestRequestResetRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request storage.ResetRequest
		fault   directustest.Fault
		want    error
	}{
		"no address":   {request: storage.ResetRequest{URL: resetPage}, want: storage.ErrMalformed},
		"foreign page": {request: storage.ResetRequest{Email: email, URL: "https://other.example/"}, want: storage.ErrURLRefused},
		"malformed": {
			request: storage.ResetRequest{Email: email, URL: resetPage},
			fault:   directustest.Fault{Status: 400, Code: "INVALID_PAYLOAD"}, want: storage.ErrMalformed,
		},
		"down": {
			request: storage.ResetRequest{Email: email, URL: resetPage},
			fault:   directustest.Fault{Status: 503}, want: storage.ErrUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			b.addAda()
			if test.fault.Status != 0 {
				test.fault.Path = "/auth/password/request"
				b.fake.Inject(test.fault)
			}
			if err := b.client.RequestReset(t.Context(), test.request); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if len(b.fake.Mails()) != 0 {
				t.Error("a mail was sent")
			}
		})
	}
}

func TestRequestResetLimit(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	b.fake.Inject(directustest.Fault{Path: "/auth/password/request", Status: 429, Code: "REQUESTS_EXCEEDED", RetryAfter: 7})
	err := b.client.RequestReset(t.Context(), storage.ResetRequest{Email: email, URL: resetPage})
	unavailable, ok := errors.AsType[*directus.UnavailableError](err)
	if !ok || unavailable.RetryAfter != 7*time.Second {
		t.Errorf("error %v, want to retry after 7 s", err)
	}
}

// Directus 10 looks at the URL for existing users only.
func TestRequestResetURLOnTen(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	b.fake.SetURLCheckAfterUser(true)
	b.addAda()
	for _, address := range []string{email, "nobody@example.com"} {
		err := b.client.RequestReset(t.Context(), storage.ResetRequest{Email: address, URL: "https://other.example/"})
		if err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if !strings.Contains(b.log.String(), "PASSWORD_RESET_URL_ALLOW_LIST") || strings.Contains(b.log.String(), email) {
		t.Errorf("log: %s", b.log)
	}
}
