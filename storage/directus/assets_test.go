package directus_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// withLogo makes a project whose logo is a file.
func (b *bench) withLogo(file storage.Picture) (id string) {
	id = b.fake.AddFile(file)
	b.fake.SetProject(directustest.Project{Name: "Acme", Logo: id})
	return id
}

var logo = storage.Picture{ContentType: "image/png", Body: []byte("\x89PNG")}

func TestAsset(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.withLogo(logo)
	together(10, func() {
		got, err := b.client.Asset(t.Context(), id)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(logo, got); diff != "" {
			t.Error(diff)
		}
	})
	requests := b.fake.Requests("/assets/" + id)
	if len(requests) != 1 || requests[0].Header.Get("Authorization") != "" {
		t.Errorf("%d requests, want 1 without a token", len(requests))
	}
	b.clock.Advance(10 * time.Minute)
	if _, err := b.client.Asset(t.Context(), id); err != nil || b.fake.Calls("/assets/"+id) != 2 {
		t.Errorf("ten minutes later: %d requests, error %v", b.fake.Calls("/assets/"+id), err)
	}
}

func TestAssetTypes(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"image/png": "image/png", "image/jpeg": "image/jpeg", "image/webp": "image/webp", "image/gif": "image/gif",
		"image/avif": "image/avif", "image/x-icon": "image/x-icon", "image/vnd.microsoft.icon": "image/vnd.microsoft.icon",
		"image/svg+xml": "image/svg+xml", "Image/PNG; charset=utf-8": "image/png",
		"text/html": "", "application/javascript": "", "video/mp4": "", "": "", ";": "", "image/png, text/html": "",
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.withLogo(storage.Picture{ContentType: contentType, Body: []byte("<script>")})
			got, err := b.client.Asset(t.Context(), id)
			switch {
			case want == "" && !errors.Is(err, storage.ErrNotFound):
				t.Errorf("got %s, %v, want %v", got.ContentType, err, storage.ErrNotFound)
			case want != "" && (err != nil || got.ContentType != want):
				t.Errorf("got %s, %v", got.ContentType, err)
			}
		})
	}
}

func TestAssetRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(b *bench, id string) (asked string)
		want   error
		calls  int
	}{
		"not the project's": {func(b *bench, _ string) string { return b.fake.AddFile(logo) }, storage.ErrNotFound, 0},
		"no id":             {func(*bench, string) string { return "" }, storage.ErrNotFound, 0},
		"a path":            {func(*bench, string) string { return "../users/me" }, storage.ErrNotFound, 0},
		"too large": {func(b *bench, _ string) string {
			return b.withLogo(storage.Picture{ContentType: "image/png", Body: make([]byte, directus.MaxAsset+1)})
		}, storage.ErrNotFound, 2}, // the second time for a smaller size
		"forbidden": {func(b *bench, id string) string {
			b.fake.Inject(directustest.Fault{Path: "/assets/" + id, Status: http.StatusForbidden, Code: "FORBIDDEN"})
			return id
		}, storage.ErrNotFound, 1},
		"down": {func(b *bench, id string) string {
			b.fake.Inject(directustest.Fault{Path: "/assets/" + id, Status: http.StatusBadGateway})
			return id
		}, storage.ErrUnavailable, 1},
		"nothing known": {func(b *bench, id string) string {
			b.fake.Inject(directustest.Fault{Path: infoPath, Status: http.StatusServiceUnavailable})
			return id
		}, storage.ErrUnavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := test.change(b, b.withLogo(logo))
			for range 2 { // what cannot be had is not asked for again at once
				if _, err := b.client.Asset(t.Context(), id); !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
			}
			if calls := b.fake.Calls("/assets/" + id); calls != test.calls {
				t.Errorf("%d requests, want %d", calls, test.calls)
			}
		})
	}
}

func TestAssetLargestFits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.withLogo(storage.Picture{ContentType: "image/png", Body: []byte(strings.Repeat("x", directus.MaxAsset))})
	if got, err := b.client.Asset(t.Context(), id); err != nil || len(got.Body) != directus.MaxAsset {
		t.Errorf("%d bytes, %v", len(got.Body), err)
	}
}

// An old file is better than none.
func TestAssetOutlivesDirectus(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.withLogo(logo)
	if _, err := b.client.Asset(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.fake.Inject(directustest.Fault{Path: "/assets/" + id, Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	for _, later := range []time.Duration{time.Hour, time.Second, time.Minute} {
		b.clock.Advance(later)
		if got, err := b.client.Asset(t.Context(), id); err != nil || !cmp.Equal(got, logo) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if calls := b.fake.Calls("/assets/" + id); calls != 3 {
		t.Errorf("%d requests, want 3: one that was answered, and one a minute after", calls)
	}
}
