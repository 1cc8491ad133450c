package directus

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

const (
	// MaxAsset is the size of the largest file that Asset returns.
	MaxAsset = 2 << 20
	// cachedAssets is twice the number of files that a project names, so that
	// memory is bounded by 16 MiB.
	cachedAssets = 8
	// assetLifetime is how long a file is shown before it is asked for again:
	// it may be replaced under its id.
	assetLifetime = 10 * time.Minute
	// assetPatience is how long a file that cannot be had is not asked for.
	assetPatience = time.Minute
)

// assetTypes are shown to people; anything else could be a page or a program.
var assetTypes = []string{
	"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif",
	"image/svg+xml", "image/x-icon", "image/vnd.microsoft.icon",
}

// assets remembers files.
type assets struct {
	files   *lru.Cache[string, asset]
	fetches singleflight.Group
}

type asset struct {
	picture storage.Picture
	failure error
	asked   time.Time
}

// Asset returns one of the files that Project names, which Directus shows to
// anybody. One larger than MaxAsset is asked for in a smaller size. A file of
// another type than a picture's, or of no size that fits, is storage.ErrNotFound.
// The body is shared and must not be changed.
//
// The error is storage.ErrNotFound or ErrUnavailable (then an *UnavailableError),
// or the end of ctx. An old file is better than none.
func (c *Client) Asset(ctx context.Context, id string) (storage.Picture, error) {
	project, err := c.Project(ctx)
	if err != nil {
		return storage.Picture{}, err
	}
	// Anybody can ask for any id; Directus is asked for these alone.
	named := []string{project.Logo, project.Favicon, project.Background, project.Foreground}
	if id == "" || !slices.Contains(named, id) {
		return storage.Picture{}, storage.ErrNotFound
	}
	if remembered, ok := c.brand.assets.get(id, c.now()); ok {
		return remembered.picture, remembered.failure
	}
	answer := c.brand.assets.fetches.DoChan(id, func() (any, error) {
		found := c.fetchAsset(context.WithoutCancel(ctx), id)
		return found.picture, found.failure
	})
	select {
	case <-ctx.Done():
		return storage.Picture{}, context.Cause(ctx)
	case result := <-answer:
		picture, _ := result.Val.(storage.Picture)
		return picture, result.Err
	}
}

func (c *Client) fetchAsset(ctx context.Context, id string) asset {
	now := c.now()
	if remembered, ok := c.brand.assets.get(id, now); ok {
		return remembered
	}
	found := asset{asked: now}
	found.picture, found.failure = c.downloadAsset(ctx, id)
	if found.failure != nil {
		c.log.WarnContext(ctx, "file of the project is not shown", "file", id, "error", found.failure)
		old, ok := c.brand.assets.files.Get(id)
		if ok && old.failure == nil && !errors.Is(found.failure, storage.ErrNotFound) {
			found.picture, found.failure = old.picture, nil
			found.asked = now.Add(assetPatience - assetLifetime)
		}
	}
	c.brand.assets.files.Add(id, found)
	return found
}

// smaller is what Directus is to make of a file that is too large, such as a
// photograph for the background.
var smaller = url.Values{"width": {"1920"}, "withoutEnlargement": {"true"}, "format": {"webp"}, "quality": {"80"}}

func (c *Client) downloadAsset(ctx context.Context, id string) (storage.Picture, error) {
	file, err := c.getAsset(ctx, id, nil)
	if tooLarge(err) {
		file, err = c.getAsset(ctx, id, smaller)
	}
	switch rest.Status(err) {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		// 400: the project allows no sizes (storage_asset_transform), or the
		// file is none that Directus can change.
		return storage.Picture{}, fmt.Errorf("%w: %w", storage.ErrNotFound, err)
	}
	switch {
	case tooLarge(err):
		return storage.Picture{}, fmt.Errorf("%w: %w", storage.ErrNotFound, err)
	case err != nil:
		return storage.Picture{}, unavailable(err)
	}
	kind, _, err := mime.ParseMediaType(file.Type)
	if err != nil || !slices.Contains(assetTypes, kind) {
		return storage.Picture{}, fmt.Errorf("%w: get file: not a picture", storage.ErrNotFound)
	}
	return storage.Picture{ContentType: kind, Body: file.Bytes}, nil
}

func (c *Client) getAsset(ctx context.Context, id string, size url.Values) (rest.Content, error) {
	return c.rest.Fetch(ctx, rest.Request{
		Name: "get file", Picture: true, Method: http.MethodGet, Path: "/assets/" + id, Query: size, Header: http.Header{"Accept": {"*/*"}},
	}, MaxAsset)
}

func tooLarge(err error) bool {
	failure, ok := errors.AsType[*rest.FailureError](err)
	return ok && failure.TooLarge
}

// get returns a file, or the failure to get it, that needs not be asked for.
func (a *assets) get(id string, now time.Time) (asset, bool) {
	found, ok := a.files.Get(id)
	if !ok {
		return asset{}, false
	}
	lifetime := assetLifetime
	if found.failure != nil {
		lifetime = assetPatience
	}
	age := now.Sub(found.asked)
	return found, age >= 0 && age < lifetime
}
