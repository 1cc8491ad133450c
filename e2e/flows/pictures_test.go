package flows

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"testing"

	"gatehouse/provider/providertest"
)

// picturesOfPeople: an app gets an address at which anybody sees the picture of a
// user, while it is his.
func picturesOfPeople(t *testing.T, w *world) {
	ada, email := w.user(t)
	w.change(t, ada, map[string]any{"avatar": w.upload(t)})
	s := w.provider(t, func(o *providertest.Options) { o.Pictures = true })
	rp := s.Web(t)
	access := rp.Exchange(s.NewBrowser(t).SignIn(rp, email, nil)).WantOK(t).Text("access_token")
	address := s.UserInfo(t, access).WantOK(t).Text("picture")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	shown, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || http.DetectContentType(shown) != "image/webp" {
		t.Errorf("%s: %d, %d bytes of %s (%v)", address, response.StatusCode, len(shown), http.DetectContentType(shown), err)
	}

	w.provider(t)
	if got := w.asService(t, "/files"); got != http.StatusForbidden {
		t.Errorf("the service user is answered %d at /files where no pictures are shown", got)
	}
}

// upload stores a picture in Directus as its administrator.
func (w *world) upload(t *testing.T) (id string) {
	t.Helper()
	photo := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for x := range 300 {
		for y := range 200 {
			photo.Set(x, y, color.RGBA{uint8(x), uint8(y), 120, 255})
		}
	}
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="ada.png"`}, "Content-Type": {"image/png"},
	})
	if err == nil {
		err = png.Encode(part, photo)
	}
	if err = errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.directus.URL+"/files", &form)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	request.Header.Set("Authorization", "Bearer "+w.directus.AdminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var files []struct{ ID string }
	if err := w.directus.Call(t.Context(), http.MethodGet, "/files?fields=id&filter[filename_download][_eq]=ada.png", nil, &files); err != nil || len(files) != 1 {
		t.Fatal(fmt.Errorf("upload: %d, %d files: %w", response.StatusCode, len(files), err))
	}
	return files[0].ID
}
