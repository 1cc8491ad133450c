package directus_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

const (
	verifyPage = "https://id.example.com/verify-email"
	resetPage  = "https://id.example.com/reset-password"
	customers  = "00000000-0000-4000-8000-00000000000c"
)

func newcomer() storage.Registration {
	return storage.Registration{
		Email: email, Password: password, FirstName: "Ada", LastName: "Lovelace", VerificationURL: verifyPage + "?request=r",
		Caller: storage.Caller{ClientAddress: "203.0.113.9", UserAgent: "Browser/1"},
	}
}

func openBench(t *testing.T, options ...func(*directus.Config)) *bench {
	t.Helper()
	b := newBench(t, options...)
	b.fake.SetRegistration(directustest.Registration{Open: true, VerifiesEmail: true, Role: customers})
	b.fake.SetAllowLists(directustest.AllowLists{Register: []string{verifyPage}, Reset: []string{resetPage}})
	return b
}

func atLeastEight(password string) bool { return len(password) >= 8 }

func byToken(c *directus.Config) { c.RegisterByToken, c.RegistrationRole = true, customers }

// tokenBench makes a bench that registers with the write token.
func tokenBench(t *testing.T) *bench {
	t.Helper()
	fake := directustest.New(t)
	b := newBench(t, byToken, func(c *directus.Config) {
		c.BaseURL, c.ServiceToken, c.WriteToken = fake.URL, fake.ServiceToken, fake.WriteToken
	})
	b.fake = fake
	return b
}

// registered is the user with the address of the tests.
func registered(t *testing.T, b *bench) directustest.User {
	t.Helper()
	id, ok := b.fake.FindUser(email)
	if !ok {
		t.Fatalf("nobody has the address %s", email)
	}
	user, _ := b.fake.User(id)
	return user
}

func TestRegister(t *testing.T) {
	t.Parallel()
	b := openBench(t, func(c *directus.Config) { c.ForwardClientAddress = true })
	if err := b.client.Register(t.Context(), newcomer()); err != nil {
		t.Fatal(err)
	}
	user := registered(t, b)
	if user.Status != "unverified" || user.FirstName != "Ada" || user.LastName != "Lovelace" || user.Fields["role"] != customers {
		t.Errorf("registered %+v", user)
	}
	mail, _ := b.fake.LastMail(directustest.VerificationMail, email)
	if !strings.HasPrefix(mail.Link, verifyPage+"?request=r&token=") {
		t.Errorf("mail leads to %s", mail.Link)
	}
	header := b.fake.Requests("/users/register")[0].Header
	if header.Get("X-Forwarded-For") != "203.0.113.9" || header.Get("User-Agent") != "Browser/1" || header.Get("Authorization") != "" {
		t.Errorf("sent with %v", header)
	}
	again := newcomer()
	again.Password, again.FirstName = "another password", "Eve"
	if err := b.client.Register(t.Context(), again); err != nil {
		t.Errorf("known address: %v", err)
	}
	if after := registered(t, b); after.Password != password || after.FirstName != "Ada" {
		t.Errorf("the second registration changed the first: %+v", after)
	}
	if sent := len(b.fake.Mails()); sent != 2 {
		t.Errorf("%d mails, want the second one too", sent)
	}
}

func TestRegisterWithoutNames(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	plain := storage.Registration{Email: " " + email, Password: password}
	if err := b.client.Register(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	registered(t, b)
}

func TestRegisterRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*storage.Registration)
		fault  directustest.Fault
		set    directustest.Registration
		want   error
	}{
		"closed":           {set: directustest.Registration{}, want: storage.ErrRegistrationClosed},
		"filtered out":     {set: directustest.Registration{Open: true, Allows: func(string) bool { return false }}, want: storage.ErrRegistrationClosed},
		"no such route":    {fault: directustest.Fault{Status: 404, Code: "ROUTE_NOT_FOUND"}, want: storage.ErrRegistrationClosed},
		"policy":           {change: func(r *storage.Registration) { r.Password = "short" }, want: storage.ErrPasswordPolicy},
		"no password":      {change: func(r *storage.Registration) { r.Password = "" }, want: storage.ErrMalformed},
		"endless password": {change: func(r *storage.Registration) { r.Password = storage.Secret(strings.Repeat("x", 1<<20)) }, want: storage.ErrMalformed},
		"no address":       {change: func(r *storage.Registration) { r.Email = "" }, want: storage.ErrMalformed},
		"unroutable":       {change: func(r *storage.Registration) { r.Email = "ada@printer.local" }, want: storage.ErrMalformed},
		"long name":        {change: func(r *storage.Registration) { r.LastName = strings.Repeat("é", 51) }, want: storage.ErrMalformed},
		"long address":     {change: func(r *storage.Registration) { r.Email = strings.Repeat("a", 120) + "@example.com" }, want: storage.ErrMalformed},
		"NUL":              {change: func(r *storage.Registration) { r.FirstName = "A\x00da" }, want: storage.ErrMalformed},
		"too long":         {fault: directustest.Fault{Status: 400, Code: "VALUE_TOO_LONG"}, want: storage.ErrMalformed},
		"other column":     {fault: directustest.Fault{Status: 400, Code: "FAILED_VALIDATION"}, want: storage.ErrMalformed},
		"foreign page":     {change: func(r *storage.Registration) { r.VerificationURL = "https://other.example/" }, want: storage.ErrURLRefused},
		"down":             {fault: directustest.Fault{Status: 503, Code: "SERVICE_UNAVAILABLE"}, want: storage.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openBench(t)
			if errors.Is(test.want, storage.ErrRegistrationClosed) {
				b.fake.SetRegistration(test.set)
			}
			b.fake.SetPasswordPolicy(atLeastEight)
			if test.fault.Status != 0 {
				test.fault.Path = "/users/register"
				b.fake.Inject(test.fault)
			}
			registration := newcomer()
			if test.change != nil {
				test.change(&registration)
			}
			err := b.client.Register(t.Context(), registration)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			secretless(t, b, err, registration.Password)
			if _, found := b.fake.FindUser(email); found {
				t.Error("registered all the same")
			}
		})
	}
}

// The limit on registrations, five a minute from one address, is no fault of
// the person's: he is told how long to wait.
func TestRegisterLimit(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	b.fake.Inject(directustest.Fault{Path: "/users/register", Status: 429, Code: "REQUESTS_EXCEEDED", RetryAfter: 42})
	err := b.client.Register(t.Context(), newcomer())
	unavailable, ok := errors.AsType[*directus.UnavailableError](err)
	if !ok || unavailable.RetryAfter != 42*time.Second {
		t.Errorf("error %v, want to retry after 42 s", err)
	}
}

// A letter that looks like a K is small a "k": the mail of the one must not go
// to the other.
func TestRegisterPlainAddress(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	registration := newcomer()
	registration.Email = "\u212Aate@EXAMPLE.com"
	if err := b.client.Register(t.Context(), registration); err != nil {
		t.Fatal(err)
	}
	if mails := b.fake.Mails(); len(mails) != 1 || mails[0].To != "kate@EXAMPLE.com" {
		t.Errorf("mails to %+v", mails)
	}
}

func TestRegisterByToken(t *testing.T) {
	t.Parallel()
	b := tokenBench(t)
	registration := newcomer()
	if err := b.client.Register(t.Context(), registration); err != nil {
		t.Fatal(err)
	}
	user := registered(t, b)
	if user.Status != "active" || user.Fields["role"] != customers || user.FirstName != "Ada" {
		t.Errorf("created %+v", user)
	}
	registration.FirstName, registration.Password = "Eve", "another password"
	if err := b.client.Register(t.Context(), registration); err != nil {
		t.Errorf("known address: %v", err)
	}
	if after := registered(t, b); after.FirstName != "Ada" || after.Password != password {
		t.Errorf("the second registration changed the first: %+v", after)
	}
	if b.fake.Calls("/users/register") != 0 || len(b.fake.Mails()) != 0 {
		t.Error("Directus's own registration was used")
	}
}

func TestRegisterByTokenRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*storage.Registration)
		fault  directustest.Fault
		want   error
	}{
		"policy":        {change: func(r *storage.Registration) { r.Password = "short" }, want: storage.ErrPasswordPolicy},
		"unroutable":    {change: func(r *storage.Registration) { r.Email = "ada@printer.local" }, want: storage.ErrMalformed},
		"invalid token": {fault: directustest.Fault{Status: 401, Code: "INVALID_CREDENTIALS"}, want: directus.ErrWriteToken},
		"narrow token":  {fault: directustest.Fault{Status: 403, Code: "FORBIDDEN"}, want: directus.ErrWriteToken},
		"no seats":      {fault: directustest.Fault{Status: 403, Code: "LIMIT_EXCEEDED"}, want: nil},
		"no such role":  {fault: directustest.Fault{Status: 400, Code: "INVALID_FOREIGN_KEY"}, want: storage.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := tokenBench(t)
			b.fake.SetPasswordPolicy(atLeastEight)
			if test.fault.Status != 0 {
				test.fault.Path = "/users"
				b.fake.Inject(test.fault)
			}
			registration := newcomer()
			if test.change != nil {
				test.change(&registration)
			}
			err := b.client.Register(t.Context(), registration)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			secretless(t, b, err, registration.Password)
		})
	}
}

func TestRegistrationConfig(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*directus.Config){
		"no token":   func(c *directus.Config) { c.WriteToken = "" },
		"no role":    func(c *directus.Config) { c.RegistrationRole = "" },
		"role by id": func(c *directus.Config) { c.RegistrationRole = "Customer" },
	} {
		config := directus.Config{
			BaseURL: "http://127.0.0.1", ServiceToken: "t", WriteToken: "w", RegisterByToken: true, RegistrationRole: customers,
			Now: time.Now, Random: http.NoBody,
		}
		if _, err := directus.New(config); err != nil {
			t.Fatal(err)
		}
		change(&config)
		if _, err := directus.New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// secretless fails if an error or the log shows a secret.
func secretless(t *testing.T, b *bench, err error, secrets ...storage.Secret) {
	t.Helper()
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		if err != nil && strings.Contains(err.Error(), secret.Reveal()) {
			t.Errorf("error shows the secret: %v", err)
		}
		if strings.Contains(b.log.String(), secret.Reveal()) {
			t.Errorf("log shows the secret: %s", b.log)
		}
	}
}
