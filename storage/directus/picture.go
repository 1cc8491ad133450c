package directus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Limits of pictures, in bytes and pixels.
const (
	MaxPictureSize  = 5 << 20
	maxPictureWidth = 1024
)

// pictureTypes are taken, and shown, with the ends of their file names.
// image/svg+xml is not among them: it may carry scripts.
var pictureTypes = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}

// pictureName is what stored pictures are called, before the end.
const pictureName = "profile-picture"

// presets are sizes that Directus makes also where a project forbids others, by
// their greatest width.
var presets = []struct {
	width int
	key   string
}{{800, "system-large-cover"}, {300, "system-medium-cover"}, {64, "system-small-cover"}}

// StorePicture keeps a file and returns its id. What it is, its bytes say: PNG,
// JPEG or WebP of MaxPictureSize at most, anything else is storage.ErrMalformed.
// The other errors are those of UpdateProfile.
//
// The id is ours: Directus does not tell one to a person who may store files and
// not read them.
func (c *Client) StorePicture(ctx context.Context, access storage.DirectusAccess, picture storage.Picture) (string, error) {
	contentType := http.DetectContentType(picture.Body)
	if len(picture.Body) > MaxPictureSize || pictureTypes[contentType] == "" {
		return "", storage.ErrMalformed
	}
	token, refused, err := c.changing(access)
	if err != nil {
		return "", err
	}
	id, err := newUUID(c.random)
	if err != nil {
		return "", err
	}
	form, err := c.pictureForm(id, contentType, picture.Body)
	if err != nil {
		return "", err
	}
	var stored struct {
		ID string `json:"id"`
	}
	_, err = c.rest.Do(ctx, rest.Request{
		Name: "store picture", Method: http.MethodPost, Path: "/files", Token: token,
		Query: url.Values{"fields": {"id"}}, Content: form,
	}, &stored)
	switch {
	case err != nil:
		return "", refused(ctx, err)
	case stored.ID != "" && stored.ID != id:
		return "", unavailable(errors.New("store picture: directus answered with another file"))
	}
	return id, nil
}

// pictureForm is what Directus takes files by: their columns have to come first.
func (c *Client) pictureForm(id, contentType string, body []byte) (*rest.Content, error) {
	boundary, err := newID(c.random)
	if err != nil {
		return nil, err
	}
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	err = writer.SetBoundary(boundary)
	if err == nil {
		err = writer.WriteField("id", id)
	}
	var part io.Writer
	if err == nil {
		part, err = writer.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="file"; filename="` + pictureName + pictureTypes[contentType] + `"`},
			"Content-Type":        {contentType},
		})
	}
	if err == nil {
		_, err = part.Write(body)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("store picture: %w", err)
	}
	return &rest.Content{Type: writer.FormDataContentType(), Bytes: form.Bytes()}, nil
}

// ShowPicture returns a file no larger than width pixels, as far as Directus can
// make it smaller, or storage.ErrNotFound. It asks with the person's access, with
// the token that may write and with the service token, until one may read the
// file. Whose picture it is, the caller has to know: the last two may see the
// files of everybody.
func (c *Client) ShowPicture(ctx context.Context, access storage.DirectusAccess, id string, width int) (storage.Picture, error) {
	if !isUserID(id) { // a UUID as well
		return storage.Picture{}, storage.ErrNotFound
	}
	tokens := []storage.Secret{c.token}
	if c.Writes() {
		tokens = slices.Insert(tokens, 0, c.writeToken)
	}
	if own, err := c.ownToken(access); err == nil {
		tokens = slices.Insert(tokens, 0, own)
	}
	done, err := c.avatars.turn(ctx)
	if err != nil {
		return storage.Picture{}, err
	}
	defer done()
	for _, token := range tokens {
		picture, err := c.showPicture(ctx, token, id, width)
		if !errors.Is(err, storage.ErrNotFound) {
			return picture, err
		}
	}
	return storage.Picture{}, storage.ErrNotFound
}

// showPicture asks with one token. Some projects allow no sizes but presets; a
// picture that is too large for Directus to make smaller is not found.
func (c *Client) showPicture(ctx context.Context, token storage.Secret, id string, width int) (storage.Picture, error) {
	width = min(max(width, 1), maxPictureWidth)
	content, err := c.fetchPicture(ctx, token, id, url.Values{
		"width": {strconv.Itoa(width)}, "withoutEnlargement": {"true"}, "format": {"webp"},
	})
	if rest.Status(err) == http.StatusBadRequest {
		preset := presets[len(presets)-1].key
		for _, p := range presets {
			if p.width <= width {
				preset = p.key
				break
			}
		}
		content, err = c.fetchPicture(ctx, token, id, url.Values{"key": {preset}})
	}
	if err != nil {
		switch rest.Status(err) {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
			return storage.Picture{}, storage.ErrNotFound
		}
		return storage.Picture{}, unavailable(err)
	}
	// By its bytes: what a file calls itself is up to who stored it.
	contentType := http.DetectContentType(content.Bytes)
	if pictureTypes[contentType] == "" {
		return storage.Picture{}, storage.ErrNotFound
	}
	return storage.Picture{ContentType: contentType, Body: content.Bytes}, nil
}

func (c *Client) fetchPicture(ctx context.Context, token storage.Secret, id string, size url.Values) (rest.Content, error) {
	return c.rest.Fetch(ctx, rest.Request{
		Name: "show picture", Picture: true, Method: http.MethodGet, Path: "/assets/" + id, Token: token, Query: size,
		Header: http.Header{"Accept": {"image/webp, image/png, image/jpeg"}},
	}, MaxPictureSize)
}

// newUUID makes a random UUID (RFC 9562, section 5.4).
func newUUID(random io.Reader) (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make identifier: %w", err)
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]), nil
}
