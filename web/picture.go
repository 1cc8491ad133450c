package web

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
)

const (
	largestPicture = 4 << 20
	// A picture is asked for again after pictureAge: a file can be replaced
	// under its id. What there is not is asked for sooner.
	pictureAge     = 10 * time.Minute
	noPictureAge   = 30 * time.Second
	pictureTimeout = 10 * time.Second
	mostPictures   = 8
)

// pictures are those of the project. Anybody may ask for them, so Directus is
// asked only now and then. It is safe for concurrent use.
type pictures struct {
	source Brand
	now    func() time.Time
	asking singleflight.Group

	mu   sync.Mutex
	kept map[string]keptPicture
}

// keptPicture is what there was at a time; nothing, if there is no body.
type keptPicture struct {
	storage.Picture

	seen time.Time
}

func (p *pictures) find(ctx context.Context, id string) (storage.Picture, bool) {
	if p.source == nil || id == "" {
		return storage.Picture{}, false
	}
	kept, fresh := p.recall(id)
	if !fresh {
		answer, _, _ := p.asking.Do(id, func() (any, error) { return p.ask(ctx, id), nil })
		kept, _ = answer.(keptPicture)
	}
	return kept.Picture, len(kept.Body) > 0
}

func (p *pictures) recall(id string) (kept keptPicture, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept, ok := p.kept[id]
	age := pictureAge
	if len(kept.Body) == 0 {
		age = noPictureAge
	}
	return kept, ok && p.now().Sub(kept.seen) < age
}

// ask fetches a picture; an old one is better than none.
func (p *pictures) ask(ctx context.Context, id string) keptPicture {
	// Others wait for the same answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pictureTimeout)
	defer cancel()
	picture, err := p.source.Asset(ctx, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	found := keptPicture{Picture: picture, seen: p.now()}
	if err != nil || !showable(picture) {
		found = keptPicture{Picture: p.kept[id].Picture, seen: p.now()}
	}
	if _, known := p.kept[id]; !known && len(p.kept) >= mostPictures {
		clear(p.kept)
	}
	p.kept[id] = found
	return found
}

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
