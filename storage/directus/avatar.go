package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

const (
	// MaxAvatarSize bounds what Avatar returns. A square of 256 pixels has a tenth
	// of that.
	MaxAvatarSize = 256 << 10
	// cachedAvatars bounds memory to 32 MiB.
	cachedAvatars = 128
	// avatarLifetime is how long a picture is shown after its user took another,
	// and avatarPatience how long Directus is not asked again for one that it could
	// not make: anybody may ask, as often as he likes.
	avatarLifetime = time.Minute
	avatarPatience = 10 * time.Second
	// avatarsAtOnce are asked for at a time, and avatarWait is how long one waits
	// for its turn: pictures must not take the place of sign-ins.
	avatarsAtOnce = 4
	avatarWait    = 2 * time.Second
)

var (
	// avatarSize is the only one there is, whoever asks.
	avatarSize = url.Values{"width": {"256"}, "height": {"256"}, "fit": {"cover"}, "format": {"webp"}, "quality": {"80"}}
	// avatarPreset is for projects that allow no sizes but presets.
	avatarPreset = url.Values{"key": {"system-medium-cover"}}

	errManyPictures = errors.New("show picture: too many are asked for at a time")
)

// avatars remembers pictures of users.
type avatars struct {
	pictures *lru.Cache[string, asset]
	fetches  singleflight.Group
	turns    chan struct{}
}

func newAvatars() (*avatars, error) {
	pictures, err := lru.New[string, asset](cachedAvatars)
	return &avatars{pictures: pictures, turns: make(chan struct{}, avatarsAtOnce)}, err
}

// Avatar returns a file as Directus makes a square WebP of it, if the file is the
// avatar of an active user: the service token may read other files too. Anything
// else, also a file that Directus makes no WebP of or one larger than
// MaxAvatarSize, is storage.ErrNotFound. The body is shared and must not be changed.
//
// The other errors are storage.ErrUnavailable (then an *UnavailableError), and the
// end of ctx. Who asks for one picture at the same time shares one answer.
func (c *Client) Avatar(ctx context.Context, id string) (storage.Picture, error) {
	if !isUserID(id) { // a UUID as well
		return storage.Picture{}, storage.ErrNotFound
	}
	if remembered, ok := c.avatars.get(id, c.now()); ok {
		return remembered.picture, remembered.failure
	}
	answer := c.avatars.fetches.DoChan(id, func() (any, error) {
		if remembered, ok := c.avatars.get(id, c.now()); ok {
			return remembered.picture, remembered.failure
		}
		return c.fetchAvatar(context.WithoutCancel(ctx), id)
	})
	select {
	case <-ctx.Done():
		return storage.Picture{}, context.Cause(ctx)
	case result := <-answer:
		picture, _ := result.Val.(storage.Picture)
		return picture, result.Err
	}
}

// get returns what needs not be asked for again.
func (a *avatars) get(id string, now time.Time) (asset, bool) {
	found, ok := a.pictures.Get(id)
	if !ok {
		return asset{}, false
	}
	lifetime := avatarLifetime
	if found.failure != nil && !errors.Is(found.failure, storage.ErrNotFound) {
		lifetime = avatarPatience
	}
	age := now.Sub(found.asked)
	return found, age >= 0 && age < lifetime
}

// turn waits for that of a picture; done lets the next one.
func (a *avatars) turn(ctx context.Context) (done func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, avatarWait)
	defer cancel()
	select {
	case a.turns <- struct{}{}:
		return func() { <-a.turns }, nil
	case <-waiting.Done():
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, unavailable(errManyPictures)
}

func (c *Client) fetchAvatar(ctx context.Context, id string) (storage.Picture, error) {
	done, err := c.avatars.turn(ctx)
	if err != nil {
		return storage.Picture{}, err
	}
	defer done()
	found := asset{asked: c.now()}
	found.picture, found.failure = c.lookAtAvatar(ctx, id)
	if found.failure != nil { // it may have taken long to come to nothing
		found.asked = c.now()
	}
	c.avatars.pictures.Add(id, found)
	return found.picture, found.failure
}

func (c *Client) lookAtAvatar(ctx context.Context, id string) (storage.Picture, error) {
	equals := func(value string) map[string]string { return map[string]string{"_eq": value} }
	var rows []struct {
		ID string `json:"id"`
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "look for whose avatar it is", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			Filter: map[string]any{"_and": []any{map[string]any{"avatar": equals(id)}, map[string]any{"status": equals("active")}}},
			Fields: []string{"id"}, Limit: 1,
		}},
	}, &rows)
	switch {
	case err != nil:
		return storage.Picture{}, serviceError(err)
	case len(rows) == 0:
		return storage.Picture{}, storage.ErrNotFound
	}
	content, err := c.getAvatar(ctx, id, avatarSize)
	if rest.Status(err) == http.StatusBadRequest {
		content, err = c.getAvatar(ctx, id, avatarPreset)
	}
	switch status := rest.Status(err); {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		// gatehouse doctor names the right that is missing.
		c.log.WarnContext(ctx, "a picture is not shown: the service token may not read it, or it is gone", "file", id, "error", err)
		return storage.Picture{}, fmt.Errorf("%w: %w", storage.ErrNotFound, err)
	case status == http.StatusBadRequest, status == http.StatusNotFound, tooLarge(err):
		return storage.Picture{}, fmt.Errorf("%w: %w", storage.ErrNotFound, err)
	case err != nil:
		return storage.Picture{}, unavailable(err)
	// By its bytes: what Directus makes no smaller, such as an SVG with scripts in
	// it, comes as it was stored and is called what its owner called it.
	case http.DetectContentType(content.Bytes) != webP:
		return storage.Picture{}, fmt.Errorf("%w: show avatar: not a WebP", storage.ErrNotFound)
	}
	return storage.Picture{ContentType: webP, Body: content.Bytes}, nil
}

const webP = "image/webp"

func (c *Client) getAvatar(ctx context.Context, id string, size url.Values) (rest.Content, error) {
	return c.rest.Fetch(ctx, rest.Request{
		Name: "show avatar", Picture: true, Method: http.MethodGet, Path: "/assets/" + id, Token: c.token, Query: size,
		Header: http.Header{"Accept": {webP}},
	}, MaxAvatarSize)
}
