package directus_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// upload stores a file as an administrator and returns its id.
func (d *real) upload(t *testing.T, kind, name string, content []byte) string {
	t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {kind},
	})
	if err == nil {
		_, err = part.Write(content)
	}
	if err = errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	administrator := d.client(t, func(c *directus.Config) { c.WriteToken = storage.Secret(d.AdminToken) })
	if kind == "image/png" {
		id, err := administrator.StorePicture(t.Context(), storage.DirectusAccess{}, storage.Picture{ContentType: kind, Body: content})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+"/files?fields=id&access_token="+d.AdminToken, &form)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var files []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodGet, "/files?fields=id&filter[filename_download][_eq]="+name, nil, &files); err != nil || len(files) != 1 {
		t.Fatalf("status %d, %d files are called %s: %v", response.StatusCode, len(files), name, err)
	}
	return files[0].ID
}

// A PNG that somebody uploaded comes as a small WebP, while it is his avatar; what
// is nobody's, and what Directus makes no WebP of, does not come at all.
func avatarsAreShown(t *testing.T, d *real) {
	clock := time.Now()
	client := d.client(t, func(c *directus.Config) {
		c.ServiceToken, c.Now = d.reader(t, "directus_users", "directus_roles", "directus_files"), func() time.Time { return clock }
	})
	photo := d.upload(t, "image/png", "photo.png", photograph(t))
	id, _ := d.user(t, nil)
	set := func(row map[string]any) {
		t.Helper()
		if err := d.Call(t.Context(), http.MethodPatch, "/users/"+id, row, nil); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Minute)
	}
	notFound := func(name, file string) {
		t.Helper()
		if _, err := client.Avatar(t.Context(), file); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	notFound("nobody's file", photo)
	set(map[string]any{"avatar": photo})
	shown, err := client.Avatar(t.Context(), photo)
	if err != nil || shown.ContentType != "image/webp" || http.DetectContentType(shown.Body) != "image/webp" || len(shown.Body) > directus.MaxAvatarSize {
		t.Errorf("%s of %d bytes, %v", shown.ContentType, len(shown.Body), err)
	}
	set(map[string]any{"status": "suspended"})
	notFound("picture of somebody suspended", photo)
	drawing := d.upload(t, "image/svg+xml", "drawing-"+id+".svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>`))
	set(map[string]any{"status": "active", "avatar": drawing})
	notFound("drawing", drawing)
	notFound("picture of before", photo)
	set(map[string]any{"avatar": photo})
	blind := d.client(t)
	if _, err := blind.Avatar(t.Context(), photo); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("with a token that reads no files: %v", err)
	}
}
