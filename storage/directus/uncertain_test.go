package directus_test

import (
	"errors"
	"testing"

	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

func TestUncertainWhetherTheAttemptCounted(t *testing.T) {
	for name, test := range map[string]struct {
		fault directustest.Fault
		want  bool
	}{
		"connection dropped after the attempt": {fault: directustest.Fault{Drop: true, After: true}, want: true},
		"fault in Directus":                    {fault: directustest.Fault{Status: 500, Code: "INTERNAL_SERVER_ERROR"}, want: true},
		"proxy ran out of time":                {fault: directustest.Fault{Status: 504}, want: true},
		"under pressure":                       {fault: directustest.Fault{Status: 503, Code: "SERVICE_UNAVAILABLE"}},
		"limited by address":                   {fault: directustest.Fault{Status: 429, Code: "REQUESTS_EXCEEDED"}},
		"proxy lost Directus":                  {fault: directustest.Fault{Status: 502}, want: true},
		"proxy lost Directus after the login":  {fault: directustest.Fault{Status: 502, After: true}, want: true},
		"proxy has no Directus":                {fault: directustest.Fault{Status: 503}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.addAda()
			test.fault.Path = "/auth/login"
			b.fake.Inject(test.fault)
			_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
			if !errors.Is(err, storage.ErrUnavailable) {
				t.Fatalf("error %v, want %v", err, storage.ErrUnavailable)
			}
			if errors.Is(err, storage.ErrUncertain) != test.want {
				t.Errorf("uncertain is %v, want %v", !test.want, test.want)
			}
		})
	}
}

// What follows a login that was taken cannot undo it: the one-time password is
// used up, whatever becomes of the sign-in.
func TestUncertainAfterTheLoginWasTaken(t *testing.T) {
	for name, fault := range map[string]directustest.Fault{
		"user not shown":      {Path: "/users", Status: 429, Code: "REQUESTS_EXCEEDED"},
		"answer of no use":    {Path: "/auth/login", Body: `{"data":{}}`},
		"no access token":     {Path: "/auth/login", Body: `{"data":{"access_token":"x","refresh_token":"y","expires":1}}`},
		"service token ended": {Path: "/users", Status: 401, Code: "INVALID_CREDENTIALS"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.addAda()
			b.fake.Inject(fault)
			_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
			if !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, storage.ErrUncertain) {
				t.Errorf("error %v, want it uncertain", err)
			}
		})
	}
}
