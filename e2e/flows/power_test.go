package flows

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// noPower: a provider under test refuses to start with a token that may do more
// than read, so that none of these tests passes by rights that nobody has who ran
// gatehouse setup.
func noPower(t *testing.T, w *world) {
	writer, err := w.directus.Prepare(t.Context(), prepare.Options{Writer: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		token storage.Secret
		words string
	}{
		"an administrator's": {storage.Secret(w.directus.AdminToken), "is an administrator's"},
		"one that writes":    {writer.WriteToken, "may write"},
		"nobody's":           {"nobody's", "of no active user"},
		"the one of setup":   {writer.Token, ""},
	} {
		if strings.HasPrefix(w.directus.Version, "10.") && name == "one that writes" {
			continue // it tells only administrators what a token may do
		}
		t.Run(name, func(t *testing.T) {
			refused := &failing{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				providertest.New(refused, providertest.Options{Directus: providertest.RealDirectus{
					URL: w.directus.URL,
					Prepare: func(context.Context, prepare.Options) (prepare.Report, error) {
						return prepare.Report{Token: test.token}, nil
					},
				}})
			}()
			<-done
			if (test.words == "") != (refused.words == "") || !strings.Contains(refused.words, test.words) {
				t.Errorf("said %q, want %q", refused.words, test.words)
			}
		})
	}
}

// failing keeps what a test would have failed with.
type failing struct {
	testing.TB
	words string
}

func (r *failing) Fatal(all ...any) {
	r.words = fmt.Sprint(all...)
	runtime.Goexit()
}

func (r *failing) Fatalf(format string, all ...any) {
	r.words = fmt.Sprintf(format, all...)
	runtime.Goexit()
}
