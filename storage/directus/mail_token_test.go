package directus_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

const newPassword storage.Secret = "a new password altogether"

// link is one of the three mails: how to come by its token, and what to do with it.
type link struct {
	path string
	ttl  time.Duration
	mail func(*testing.T, *bench) storage.Secret
	use  func(context.Context, *bench, storage.Secret, storage.Secret) (storage.Account, error)
	// setsPassword says that a policy may refuse.
	setsPassword bool
}

var links = map[string]link{
	"verification": {
		path: "/users/register/verify-email", ttl: directustest.VerificationTokenTTL,
		mail: func(t *testing.T, b *bench) storage.Secret {
			t.Helper()
			if err := b.client.Register(t.Context(), newcomer()); err != nil {
				t.Fatal(err)
			}
			return lastToken(t, b, directustest.VerificationMail)
		},
		use: func(ctx context.Context, b *bench, token, _ storage.Secret) (storage.Account, error) {
			return b.client.VerifyEmail(ctx, token, caller)
		},
	},
	"reset": {
		path: "/auth/password/reset", ttl: directustest.ResetTokenTTL, setsPassword: true,
		mail: func(t *testing.T, b *bench) storage.Secret {
			t.Helper()
			b.addAda()
			if err := b.client.RequestReset(t.Context(), storage.ResetRequest{Email: email, URL: resetPage}); err != nil {
				t.Fatal(err)
			}
			return lastToken(t, b, directustest.ResetMail)
		},
		use: func(ctx context.Context, b *bench, token, password storage.Secret) (storage.Account, error) {
			return b.client.ResetPassword(ctx, token, password, caller)
		},
	},
	"invitation": {
		path: "/users/invite/accept", ttl: directustest.InvitationTokenTTL, setsPassword: true,
		mail: func(t *testing.T, b *bench) storage.Secret {
			t.Helper()
			b.fake.Invite(email, "")
			return lastToken(t, b, directustest.InvitationMail)
		},
		use: func(ctx context.Context, b *bench, token, password storage.Secret) (storage.Account, error) {
			return b.client.AcceptInvitation(ctx, token, password, caller)
		},
	},
}

var caller = storage.Caller{ClientAddress: "203.0.113.9", UserAgent: "Browser/1"}

func lastToken(t *testing.T, b *bench, template string) storage.Secret {
	t.Helper()
	mail, ok := b.fake.LastMail(template, email)
	if !ok {
		t.Fatalf("no %s mail", template)
	}
	return mail.Token
}

func TestMailTokens(t *testing.T) {
	t.Parallel()
	for name, link := range links {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t, func(c *directus.Config) { c.ForwardClientAddress = true })
			token := link.mail(t, b)
			account, err := link.use(t.Context(), b, token, newPassword)
			if err != nil {
				t.Fatal(err)
			}
			user := registered(t, b)
			if account.ID != user.ID || account.Email != email || !account.Active || account.Provider != storage.DefaultProvider {
				t.Errorf("whose it was: %+v", account)
			}
			if link.setsPassword && user.Password != newPassword.Reveal() {
				t.Error("the password is not the new one")
			}
			header := b.fake.Requests(link.path)[0].Header
			if header.Get("X-Forwarded-For") != caller.ClientAddress || header.Get("User-Agent") != caller.UserAgent {
				t.Errorf("sent with %v", header)
			}
			if _, err := link.use(t.Context(), b, token, "yet another password"); !errors.Is(err, storage.ErrLinkUsed) {
				t.Errorf("the second time: %v", err)
			}
			if user := registered(t, b); link.setsPassword && user.Password != newPassword.Reveal() {
				t.Error("a used token changed the password")
			}
		})
	}
}

func TestMailTokenRefusals(t *testing.T) {
	t.Parallel()
	for name, link := range links {
		for refusal, test := range map[string]struct {
			prepare func(*bench, storage.Secret) storage.Secret
			want    error
		}{
			"expired": {func(b *bench, token storage.Secret) storage.Secret {
				b.clock.Advance(link.ttl)
				return token
			}, storage.ErrLinkExpired},
			"forged": {func(_ *bench, token storage.Secret) storage.Secret {
				return token[:strings.LastIndex(token.Reveal(), ".")+1] + "AAAA"
			}, storage.ErrLinkInvalid},
			"empty":    {func(*bench, storage.Secret) storage.Secret { return "" }, storage.ErrLinkInvalid},
			"no token": {func(*bench, storage.Secret) storage.Secret { return "a.b.c" }, storage.ErrLinkInvalid},
			"endless": {func(_ *bench, token storage.Secret) storage.Secret {
				return token + storage.Secret(strings.Repeat("A", 1<<20))
			}, storage.ErrLinkInvalid},
			"other purpose": {func(*bench, storage.Secret) storage.Secret {
				return forged(`{"email":"ada@example.com","scope":"share"}`)
			}, storage.ErrLinkInvalid},
			"no address": {func(*bench, storage.Secret) storage.Secret { return forged(`{"scope":"password-reset"}`) }, storage.ErrLinkInvalid},
			"suspended": {func(b *bench, token storage.Secret) storage.Secret {
				b.suspend()
				return token
			}, storage.ErrLinkUsed},
			"deleted": {func(b *bench, token storage.Secret) storage.Secret {
				id, _ := b.fake.FindUser(email)
				b.fake.Delete(id)
				return token
			}, storage.ErrLinkUsed},
			"down": {func(b *bench, token storage.Secret) storage.Secret {
				b.fake.Inject(directustest.Fault{Path: link.path, Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
				return token
			}, storage.ErrUnavailable},
			"users cannot be read": {func(b *bench, token storage.Secret) storage.Secret {
				b.fake.Inject(directustest.Fault{Path: "/users", Status: http.StatusForbidden, Code: "FORBIDDEN"})
				return token
			}, directus.ErrServiceToken},
		} {
			t.Run(name+"/"+refusal, func(t *testing.T) {
				t.Parallel()
				b := openBench(t)
				token := test.prepare(b, link.mail(t, b))
				_, err := link.use(t.Context(), b, token, newPassword)
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				secretless(t, b, err, token, newPassword)
				if id, found := b.fake.FindUser(email); found {
					if user, _ := b.fake.User(id); user.Password == newPassword.Reveal() {
						t.Error("the password was changed all the same")
					}
				}
			})
		}
	}
}

func (b *bench) suspend() {
	id, _ := b.fake.FindUser(email)
	b.fake.SetStatus(id, "suspended")
}

func forged(claims string) storage.Secret {
	encode := base64.RawURLEncoding.EncodeToString
	return storage.Secret(encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(claims)) + ".")
}

// A password that the policy refuses leaves the token good.
func TestMailTokenPolicy(t *testing.T) {
	t.Parallel()
	for name, link := range links {
		if !link.setsPassword {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			b.fake.SetPasswordPolicy(atLeastEight)
			token := link.mail(t, b)
			for _, refused := range []storage.Secret{"dragon7", "", storage.Secret(strings.Repeat("x", 1<<16))} {
				_, err := link.use(t.Context(), b, token, refused)
				if !errors.Is(err, storage.ErrPasswordPolicy) {
					t.Errorf("error %v, want %v", err, storage.ErrPasswordPolicy)
				}
				secretless(t, b, err, token, refused)
			}
			if _, err := link.use(t.Context(), b, token, newPassword); err != nil {
				t.Errorf("then a good one: %v", err)
			}
		})
	}
}

// Once the token is spent, the caller has to know whose sessions to end, also
// when Directus stops answering and the person closes the browser.
func TestMailTokenSpentAtTheLastMoment(t *testing.T) {
	t.Parallel()
	for name, link := range links {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			token := link.mail(t, b)
			ctx, leave := context.WithCancel(t.Context())
			arrived, hold := make(chan struct{}, 1), make(chan struct{})
			b.fake.Inject(directustest.Fault{Path: link.path, Times: 1, Arrived: arrived, Hold: hold})
			type outcome struct {
				account storage.Account
				err     error
			}
			done := make(chan outcome)
			go func() {
				account, err := link.use(ctx, b, token, newPassword)
				done <- outcome{account, err}
			}()
			<-arrived
			leave()
			b.fake.Inject(directustest.Fault{Path: "/users", Status: http.StatusInternalServerError})
			close(hold)
			got := <-done
			if got.err != nil || got.account.ID != registered(t, b).ID {
				t.Errorf("%+v, %v", got.account, got.err)
			}
		})
	}
}

// What a look-up remembered from before is not believed any more.
func TestMailTokenForgets(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	token := links["verification"].mail(t, b)
	id, _ := b.fake.FindUser(email)
	if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || account.Active {
		t.Fatalf("%+v, %v", account, err)
	}
	if _, err := b.client.VerifyEmail(t.Context(), token, caller); err != nil {
		t.Fatal(err)
	}
	if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || !account.Active {
		t.Errorf("%+v, %v", account, err)
	}
}

// Of two users whose addresses differ in case, Directus takes either.
func TestMailTokenOfTwoUsers(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	token := links["reset"].mail(t, b)
	b.fake.AddUser(directustest.User{Email: strings.ToUpper(email), Password: password})
	if _, err := b.client.ResetPassword(t.Context(), token, newPassword, caller); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
	if calls := b.fake.Calls("/auth/password/reset"); calls != 0 {
		t.Errorf("the token was spent by %d calls", calls)
	}
}

// "_" in an address stands for any letter in Directus's search.
func TestMailTokenOfLookalikes(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	id := b.fake.AddUser(directustest.User{Email: "ada_l@example.com", Password: password})
	b.fake.AddUser(directustest.User{Email: "ada.l@example.com", Password: password})
	b.fake.AddUser(directustest.User{Email: "ada_l@example.com.example.com", Password: password})
	if err := b.client.RequestReset(t.Context(), storage.ResetRequest{Email: "Ada_L@example.com", URL: resetPage}); err != nil {
		t.Fatal(err)
	}
	account, err := b.client.ResetPassword(t.Context(), b.fake.Mails()[0].Token, newPassword, caller)
	if err != nil || account.ID != id {
		t.Errorf("%+v, %v", account, err)
	}
}

// Directus 10 answers 500 to a bad token. So does any Directus whose database
// is down, to a good one.
func TestResetOnTen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age   time.Duration
		times int
		want  error
	}{
		"forged":  {0, 2, storage.ErrLinkInvalid},
		"expired": {directustest.ResetTokenTTL, 2, storage.ErrLinkExpired},
		"fault":   {0, 1, nil}, // asked once more
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			token := links["reset"].mail(t, b)
			b.clock.Advance(test.age)
			b.fake.Inject(directustest.Fault{Path: "/auth/password/reset", Times: test.times, Status: 500, Code: "INTERNAL_SERVER_ERROR"})
			if _, err := b.client.ResetPassword(t.Context(), token, newPassword, caller); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// Directus 10 says so of a used invitation.
func TestInvitationUsedOnTen(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	token := links["invitation"].mail(t, b)
	b.fake.Inject(directustest.Fault{Path: "/users/invite/accept", Status: 400, Code: "INVALID_PAYLOAD"})
	if _, err := b.client.AcceptInvitation(t.Context(), token, newPassword, caller); !errors.Is(err, storage.ErrLinkUsed) {
		t.Errorf("error %v, want %v", err, storage.ErrLinkUsed)
	}
}

// The answer to a good verification names the user it is about.
func TestVerifyEmailAnswers(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]directustest.Fault{
		"no redirection": {Body: `{"data":null}`},
		"elsewhere":      {Status: http.StatusFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			token := links["verification"].mail(t, b)
			fault.Path = "/users/register/verify-email"
			b.fake.Inject(fault)
			if _, err := b.client.VerifyEmail(t.Context(), token, caller); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
			}
		})
	}
}

// FuzzMailToken: whatever stands in a link ends in one of the errors, shows
// nothing of itself, and nothing but the form of a token reaches Directus.
func FuzzMailToken(f *testing.F) {
	for _, seed := range []string{
		"", ".", "a.b.c", forged(`{"email":"ada@example.com","scope":"invite","exp":1}`).Reveal(),
		forged(`{"email":"\u0000","scope":"invite"}`).Reveal(), forged(`{"email":["a"],"scope":"invite","exp":1e400}`).Reveal(),
	} {
		f.Add(seed)
	}
	client, err := directus.New(directus.Config{
		BaseURL: "http://directus.example", ServiceToken: "t", Now: time.Now, Random: http.NoBody,
		Transport: refusing{}, Timeout: time.Minute,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := client.AcceptInvitation(t.Context(), storage.Secret(token), newPassword, caller)
		if !errors.Is(err, storage.ErrLinkInvalid) && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("error %v", err)
		}
		if len(token) > 20 && strings.Contains(err.Error(), token) {
			t.Errorf("error shows the token: %v", err)
		}
	})
}

// refusing answers every request like a Directus that is locked.
type refusing struct{}

func (refusing) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
}

// Where the answer is lost, the caller has to know all the same whose sessions to
// end.
func TestMailTokenWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, link := range links {
		for _, fault := range []directustest.Fault{{Drop: true}, {Status: http.StatusBadGateway}} {
			for _, after := range []bool{true, false} {
				t.Run(fmt.Sprint(name, "/", fault.Status, "/", after), func(t *testing.T) {
					t.Parallel()
					b := openBench(t)
					token := link.mail(t, b)
					fault := fault
					fault.Path, fault.Times, fault.After = link.path, 1, after
					b.fake.Inject(fault)
					account, err := link.use(t.Context(), b, token, newPassword)
					if !link.setsPassword && fault.Drop && errors.Is(err, storage.ErrLinkUsed) {
						// Go's client asks a second time by itself: it is a GET.
						err = nil
						account.Active = true
					}
					if user := registered(t, b); err != nil || account.ID != user.ID || account.Email != email || !account.Active {
						t.Errorf("%+v, %v", account, err)
					}
					account, err = link.use(t.Context(), b, token, newPassword)
					if !errors.Is(err, storage.ErrLinkUsed) || account.ID != registered(t, b).ID {
						t.Errorf("the second time: %+v, %v", account, err)
					}
				})
			}
		}
	}
}

// What strangers made up is nobody's, whatever becomes of the answers.
func TestMailTokenForgedWhileAnswersAreLost(t *testing.T) {
	t.Parallel()
	for name, link := range links {
		for times, want := range map[int]error{1: storage.ErrLinkInvalid, 4: storage.ErrUncertain} {
			t.Run(fmt.Sprint(name, "/", times), func(t *testing.T) {
				t.Parallel()
				b := openBench(t)
				token := link.mail(t, b)
				token = token[:strings.LastIndex(token.Reveal(), ".")+1] + "AAAA"
				b.fake.Inject(directustest.Fault{Path: link.path, Times: times, After: true, Drop: true})
				account, err := link.use(t.Context(), b, token, newPassword)
				if !errors.Is(err, want) || account.ID != "" {
					t.Errorf("%+v, %v", account, err)
				}
			})
		}
	}
}

// Strangers make tokens up: an address in one must not become a pattern that has
// Directus look at every user.
func TestMailTokenOfNoAddress(t *testing.T) {
	t.Parallel()
	scopes := map[string]string{"verification": "pending-registration", "reset": "password-reset", "invitation": "invite"}
	for name, link := range links {
		for _, address := range []string{"%", "%@example.com", "ada@%", `ada\\@example.com`, "ada", "@example.com", "ada@", ""} {
			t.Run(name+"/"+address, func(t *testing.T) {
				t.Parallel()
				b := openBench(t)
				token := forged(`{"email":"` + address + `","scope":"` + scopes[name] + `","exp":4000000000}`)
				if _, err := link.use(t.Context(), b, token, newPassword); !errors.Is(err, storage.ErrLinkInvalid) {
					t.Errorf("error %v, want %v", err, storage.ErrLinkInvalid)
				}
				if asked := len(b.fake.AllRequests()); asked != 0 {
					t.Errorf("Directus was asked %d times", asked)
				}
			})
		}
	}
}
