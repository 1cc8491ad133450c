package directus_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const infoPath = "/server/info"

func TestProject(t *testing.T) {
	t.Parallel()
	b := openBench(t)
	png := b.fake.AddFile(storage.Picture{ContentType: "image/png", Body: []byte("png")})
	film := b.fake.AddFile(storage.Picture{ContentType: "video/mp4", Body: []byte("film")})
	b.fake.SetProject(directustest.Project{
		Name: "Acme", Descriptor: "Shop", Color: "#FF8800CC", Note: "**Hello**", Language: "de-DE", Appearance: "dark",
		Logo: png, Favicon: "no id", Background: film,
	})
	got, err := b.client.Project(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := storage.Project{
		Name: "Acme", Descriptor: "Shop", Color: "#ff8800", Note: "**Hello**", Language: "de-DE", Appearance: "dark",
		Logo: png, Registration: true, VerifiesEmail: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if header := b.fake.Requests(infoPath)[0].Header; header.Get("Authorization") != "" {
		t.Error("asked with a token")
	}
}

// Settings as other versions and strange hands write them.
func TestProjectForms(t *testing.T) {
	t.Parallel()
	const id = "0f7b5a1e-6ad3-4c5e-8d6e-0f2f6b1f9a3c"
	for name, test := range map[string]struct {
		settings string
		want     storage.Project
	}{
		"nothing":               {`{}`, storage.Project{}},
		"nulls":                 {`{"project_name":null,"project_color":null,"project_logo":null,"public_background":null}`, storage.Project{}},
		"background of 10":      {`{"public_background":"` + id + `"}`, storage.Project{Background: id}},
		"background of 12":      {`{"public_background":{"id":"` + id + `","type":"image/jpeg"}}`, storage.Project{Background: id}},
		"background is a film":  {`{"public_background":{"id":"` + id + `","type":"video/mp4"}}`, storage.Project{}},
		"path for a file":       {`{"project_logo":"../users/me","public_favicon":7}`, storage.Project{}},
		"no colour":             {`{"project_color":"red;}"}`, storage.Project{}},
		"colour breaking out":   {`{"project_color":"#00000é"}`, storage.Project{}},
		"unknown appearance":    {`{"default_appearance":"sepia"}`, storage.Project{}},
		"registration is a yes": {`{"public_registration":"yes","public_registration_verify_email":1}`, storage.Project{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fake.Inject(directustest.Fault{Path: infoPath, Body: `{"data":{"project":` + test.settings + `}}`})
			got, err := b.client.Project(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProjectRegistersByToken(t *testing.T) {
	t.Parallel()
	b := tokenBench(t)
	got, err := b.client.Project(t.Context())
	if err != nil || !got.Registration || got.VerifiesEmail {
		t.Errorf("registration %v, verifies %v, error %v", got.Registration, got.VerifiesEmail, err)
	}
}

// A minute long everybody gets the same answer. Then one request is made, and
// nobody waits for it.
func TestProjectIsAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	name := func() string {
		t.Helper()
		project, err := b.client.Project(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return project.Name
	}
	together(20, func() { name() })
	b.clock.Advance(time.Minute - time.Second)
	name()
	if calls := b.fake.Calls(infoPath); calls != 1 {
		t.Fatalf("%d requests in the first minute, want 1", calls)
	}
	b.clock.Advance(time.Second)
	b.fake.SetProject(directustest.Project{Name: "Acme"})
	arrived, hold := make(chan struct{}, 2), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: infoPath, Arrived: arrived, Hold: hold})
	together(20, func() {
		if got := name(); got != "Directus" {
			t.Errorf("waited for %q", got)
		}
	})
	<-arrived
	close(hold)
	for name() != "Acme" { // the answer is on its way
	}
	if calls := b.fake.Calls(infoPath); calls != 2 {
		t.Errorf("%d requests in two minutes, want 2", calls)
	}
}

// An old answer is better than none.
func TestProjectOutlivesDirectus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.client.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.fake.Inject(directustest.Fault{Path: infoPath, Status: http.StatusServiceUnavailable})
	for round := 2; round < 5; round++ {
		b.clock.Advance(time.Hour)
		for b.fake.Calls(infoPath) < round { // asked without anybody waiting
			project, err := b.client.Project(t.Context())
			if err != nil || project.Name != "Directus" {
				t.Fatalf("%+v, %v", project, err)
			}
		}
	}
}

// While nothing is known at all, a failure is believed for some seconds.
func TestProjectBeforeDirectus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Inject(directustest.Fault{Path: infoPath, Times: 2, Status: http.StatusServiceUnavailable})
	for _, wait := range []time.Duration{0, 4 * time.Second, time.Second} {
		b.clock.Advance(wait)
		if _, err := b.client.Project(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
		}
	}
	if calls := b.fake.Calls(infoPath); calls != 2 {
		t.Errorf("%d requests in five seconds, want 2", calls)
	}
	b.clock.Advance(5 * time.Second)
	if project, err := b.client.Project(t.Context()); err != nil || project.Name != "Directus" {
		t.Errorf("%+v, %v", project, err)
	}
}

// Whoever goes away takes none of the others with him.
func TestProjectCallerGoes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: infoPath, Arrived: arrived, Hold: hold})
	ctx, leave := context.WithCancel(t.Context())
	gone, stays := make(chan error), make(chan error)
	go func() {
		_, err := b.client.Project(ctx)
		gone <- err
	}()
	<-arrived
	go func() {
		_, err := b.client.Project(t.Context())
		stays <- err
	}()
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	close(hold)
	if err := <-stays; err != nil {
		t.Errorf("who stayed: %v", err)
	}
}

func together(n int, do func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(do)
	}
	all.Wait()
}
