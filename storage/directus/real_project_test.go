package directus_test

import (
	"bytes"
	"crypto/rand"
	"image"
	"image/png"
	"testing"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// onePixel is a PNG.
const onePixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"

func realProject(t *testing.T, d *post) {
	store := func() string { return d.store(t, []byte(onePixel)) }
	logo, favicon, background, foreground, private := store(), store(), store(), store(), store()
	d.settings(t, map[string]any{
		"project_name": "Acme", "project_descriptor": "Shop", "project_color": "#FF8800", "project_logo": logo,
		"public_favicon": favicon, "public_background": background, "public_foreground": foreground,
		"public_note": "**Hello**", "default_language": "de-DE", "default_appearance": "dark",
	})
	client := d.client(t)
	got, err := client.Project(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := storage.Project{
		Name: "Acme", Descriptor: "Shop", Color: "#ff8800", Logo: logo, Favicon: favicon, Background: background,
		Foreground: foreground, Note: "**Hello**", Language: "de-DE", Appearance: "dark",
		Registration: got.Registration, VerifiesEmail: got.VerifiesEmail,
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, id := range []string{logo, favicon, background, foreground} {
		picture, err := client.Asset(t.Context(), id)
		if err != nil || picture.ContentType != "image/png" || string(picture.Body) != onePixel {
			t.Errorf("asset: %s, %d bytes, %v", picture.ContentType, len(picture.Body), err)
		}
	}
	_, err = client.Asset(t.Context(), private)
	wantError(t, "file of no setting", err, storage.ErrNotFound)
	d.settings(t, map[string]any{"public_background": d.store(t, photograph(t))})
	large := d.client(t)
	if got, err = large.Project(t.Context()); err != nil {
		t.Fatal(err)
	}
	picture, err := large.Asset(t.Context(), got.Background)
	if err != nil || picture.ContentType != "image/webp" || len(picture.Body) == 0 {
		t.Errorf("too large: %s, %d bytes, %v", picture.ContentType, len(picture.Body), err)
	}
}

// store keeps a PNG and returns its id.
func (d *post) store(t *testing.T, body []byte) (id string) {
	t.Helper()
	administrator := d.client(t, func(c *directus.Config) { c.WriteToken = storage.Secret(d.AdminToken) })
	id, err := administrator.StorePicture(t.Context(), storage.DirectusAccess{}, storage.Picture{ContentType: "image/png", Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// photograph is a PNG that cannot be made small without losing something.
func photograph(t *testing.T) []byte {
	t.Helper()
	noise := image.NewNRGBA(image.Rect(0, 0, 1000, 800))
	_, _ = rand.Read(noise.Pix) // never fails
	var body bytes.Buffer
	if err := png.Encode(&body, noise); err != nil {
		t.Fatal(err)
	}
	if body.Len() <= directus.MaxAsset {
		t.Fatalf("only %d bytes", body.Len())
	}
	return body.Bytes()
}
