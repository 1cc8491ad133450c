package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// maxSize bounds what is sent to whoever asks.
	maxSize = 1 << 20
	// patience is how long a picture is waited for.
	patience = 5 * time.Second
	// caching: what a person changed is seen everywhere after an hour.
	caching = "public, max-age=3600"
	webP    = "image/webp"
)

// Source has the files. storage/directus satisfies it.
type Source interface {
	// Avatar returns a file as WebP if it is the picture of an active user, and
	// storage.ErrNotFound otherwise.
	Avatar(ctx context.Context, file string) (storage.Picture, error)
}

// Endpoint shows pictures. It is safe for concurrent use.
type Endpoint struct {
	Links  *Links
	Source Source
	Sink   event.Sink
}

// Mount puts the endpoint on a router that stands for the issuer's path.
func (e *Endpoint) Mount(router chi.Router) {
	router.Get(directory+"{name}", e.serve)
	router.Head(directory+"{name}", e.serve)
}

// serve answers alike whether the signature is bad, the address too old, the file
// gone, another user's or nobody's any more.
func (e *Endpoint) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	// Whatever is in the file: opened by its address it has no origin, runs
	// nothing and loads nothing.
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	file, ok := e.Links.file(chi.URLParam(r, "name"))
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	picture, err := e.Source.Avatar(ctx, file)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		w.WriteHeader(http.StatusNotFound)
		return
	case err != nil && r.Context().Err() != nil: // nobody waits any more
		return
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		header.Set("Retry-After", "10")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case err != nil:
		e.Sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: "picture", Reason: "a picture was not shown", Err: err})
		w.WriteHeader(http.StatusInternalServerError)
		return
	case picture.ContentType != webP || len(picture.Body) == 0 || len(picture.Body) > maxSize:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	digest := sha256.Sum256(picture.Body)
	header.Set("Content-Type", webP)
	header.Set("Content-Disposition", "inline")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Cache-Control", caching)
	header.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(digest[:16])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(picture.Body))
}
