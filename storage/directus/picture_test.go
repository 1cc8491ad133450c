package directus_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// webpStart is how a WebP file begins.
const webpStart = "RIFF\x24\x00\x00\x00WEBPVP8 "

func TestPicturesAreWhatTheirBytesSay(t *testing.T) {
	t.Parallel()
	b := withWriteToken(t)
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		picture storage.Picture
		want    string // content type, empty: refused
	}{
		"PNG":                  {pngPicture(), "image/png"},
		"JPEG that calls HTML": {storage.Picture{ContentType: "text/html", Body: jpg.Bytes()}, "image/jpeg"},
		"WebP":                 {storage.Picture{Body: []byte(webpStart)}, "image/webp"},
		"HTML that calls PNG":  {storage.Picture{ContentType: "image/png", Body: []byte("<script>alert(1)</script>")}, ""},
		"SVG":                  {storage.Picture{ContentType: "image/svg+xml", Body: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}, ""},
		"GIF":                  {storage.Picture{ContentType: "image/gif", Body: []byte("GIF89a")}, ""},
		"nothing":              {storage.Picture{ContentType: "image/png"}, ""},
		"largest":              {storage.Picture{Body: append(pngPicture().Body, make([]byte, directus.MaxPictureSize-len(pngPicture().Body))...)}, "image/png"},
		"too large":            {storage.Picture{Body: append(pngPicture().Body, make([]byte, directus.MaxPictureSize)...)}, ""},
	} {
		id, err := b.client.StorePicture(t.Context(), storage.DirectusAccess{}, test.picture)
		if test.want == "" {
			if !errors.Is(err, storage.ErrMalformed) {
				t.Errorf("%s: error %v, want %v", name, err, storage.ErrMalformed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		stored, _ := b.fake.File(id)
		if stored.ContentType != test.want || !bytes.Equal(stored.Body, test.picture.Body) {
			t.Errorf("%s: stored otherwise, as %s", name, stored.ContentType)
		}
	}
}

func TestPicturesAreShownToWhoeverMaySeeThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda()
	id := b.fake.AddFile(pngPicture())
	access := b.signIn(t).Pair.Access()
	if _, err := b.client.ShowPicture(t.Context(), access, id, 96); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("nobody may: error %v, want %v", err, storage.ErrNotFound)
	}
	if calls := b.fake.Calls("/assets/" + id); calls != 2 {
		t.Errorf("%d tokens were tried, want the person's and the service's", calls)
	}
	b.fake.AllowOwnFiles()
	if _, err := b.client.ShowPicture(t.Context(), storage.DirectusAccess{}, id, 96); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("without access: error %v, want %v", err, storage.ErrNotFound)
	}
	got, err := b.client.ShowPicture(t.Context(), access, id, 96)
	if err != nil || cmp.Diff(pngPicture(), got) != "" {
		t.Errorf("%v", err)
	}
	for _, id := range []string{"", "../users/me", "00000000-0000-4000-8000-00000000dead"} {
		if _, err := b.client.ShowPicture(t.Context(), access, id, 96); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: error %v, want %v", id, err, storage.ErrNotFound)
		}
	}
}

func TestPicturesInPresetsOnly(t *testing.T) {
	t.Parallel()
	b := withWriteToken(t)
	b.fake.PresetsOnly()
	id := b.fake.AddFile(pngPicture())
	for _, width := range []int{-1, 16, 64, 96, 300, 799, 800, 100_000} {
		if _, err := b.client.ShowPicture(t.Context(), storage.DirectusAccess{}, id, width); err != nil {
			t.Errorf("%d: %v", width, err)
		}
	}
}

func TestOnlyPicturesAreShown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file storage.Picture
		want error
	}{
		"HTML": {storage.Picture{ContentType: "image/png", Body: []byte("<script>alert(1)</script>")}, storage.ErrNotFound},
		"SVG":  {storage.Picture{ContentType: "image/svg+xml", Body: []byte("<svg/>")}, storage.ErrNotFound},
		"huge": {storage.Picture{ContentType: "image/png", Body: make([]byte, directus.MaxPictureSize+1)}, storage.ErrUnavailable},
	} {
		b := withWriteToken(t)
		id := b.fake.AddFile(test.file)
		if _, err := b.client.ShowPicture(t.Context(), storage.DirectusAccess{}, id, 96); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
	b := withWriteToken(t)
	id := b.fake.AddFile(pngPicture())
	b.fake.Inject(directustest.Fault{Path: "/assets/" + id, Status: 503})
	if _, err := b.client.ShowPicture(t.Context(), storage.DirectusAccess{}, id, 96); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("away: error %v, want %v", err, storage.ErrUnavailable)
	}
}

// Whatever a person names as his picture, no file of another goes with it.
func TestOwnPicturesAloneAreRemoved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		by, called string
		may, gone  bool
		want       error
	}{
		"his own":               {by: "ada", called: "profile-picture.png", may: true, gone: true},
		"of somebody else":      {by: "eve", called: "profile-picture.png", may: true},
		"of nobody":             {called: "profile-picture.png", may: true},
		"stored elsewhere":      {by: "ada", called: "holiday.png", may: true},
		"almost our name":       {by: "ada", called: "profile-picture-of-us.png", may: true},
		"he may remove nothing": {by: "ada", called: "profile-picture.png", want: storage.ErrForbidden},
	} {
		for _, b := range []*bench{newBench(t), withWriteToken(t)} {
			ada := b.addAda()
			b.fake.AllowOwnFiles()
			if test.may {
				b.fake.AllowFileRemoval()
			}
			id := b.fake.AddFile(pngPicture())
			b.fake.SetUpload(id, map[string]string{"ada": ada}[test.by], test.called)
			err := b.client.RemovePicture(t.Context(), b.signIn(t).Pair.Access(), id)
			if _, there := b.fake.File(id); there == test.gone || !errors.Is(err, test.want) {
				t.Errorf("%s: still there %v, error %v", name, there, err)
			}
			if err := b.client.RemovePicture(t.Context(), storage.DirectusAccess{}, id); !errors.Is(err, storage.ErrAccessEnded) {
				t.Errorf("%s: without access: %v", name, err)
			}
		}
	}
}

func TestPictureIsTakenBack(t *testing.T) {
	t.Parallel()
	b := withWriteToken(t)
	id, err := b.client.StorePicture(t.Context(), storage.DirectusAccess{}, pngPicture())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.client.DiscardPicture(t.Context(), storage.DirectusAccess{}, id); err != nil {
		t.Fatal(err)
	}
	if _, there := b.fake.File(id); there {
		t.Error("the file is still there")
	}
	for id, want := range map[string]error{id: storage.ErrForbidden, "../users/me": storage.ErrNotFound} {
		if err := b.client.DiscardPicture(t.Context(), storage.DirectusAccess{}, id); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", id, err, want)
		}
	}
}
