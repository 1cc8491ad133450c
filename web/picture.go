package web

import (
	"bytes"
	"net/http"
	"slices"
	"time"

	"gatehouse/storage"
)

// largestPicture bounds what is sent to whoever asks.
const largestPicture = 4 << 20

// showable says whether a file is a picture that may be given to browsers under
// our name.
func showable(picture storage.Picture) bool {
	return len(picture.Body) > 0 && len(picture.Body) <= largestPicture && slices.Contains([]string{
		"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml", "image/x-icon", "image/vnd.microsoft.icon",
	}, picture.ContentType)
}

// servePicture answers with a picture, which must be showable. An SVG that is
// opened by its address is a document of our origin: the policy takes its
// scripts and its origin away.
func servePicture(w http.ResponseWriter, r *http.Request, picture storage.Picture, caching string) {
	header := w.Header()
	header.Set("Content-Type", picture.ContentType)
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", caching)
	header.Set("ETag", `"`+short(string(picture.Body))+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(picture.Body))
}
