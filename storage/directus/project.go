package directus

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

const (
	// projectLifetime is how long an answer is shown before Directus is asked
	// again: at most one request a minute.
	projectLifetime = time.Minute
	// projectPatience is how long a failure is believed while nothing is known
	// at all, as when both start at the same time.
	projectPatience = 5 * time.Second
)

// brand is what Directus last said of the project, and its files.
type brand struct {
	mu      sync.Mutex
	project storage.Project
	known   bool
	failure error
	asked   time.Time

	asking singleflight.Group
	assets assets
}

func newBrand() (*brand, error) {
	files, err := lru.New[string, asset](cachedAssets)
	if err != nil {
		return nil, err
	}
	return &brand{assets: assets{files: files}}, nil
}

// Project returns what Directus says of the project to anybody. It waits for
// Directus only while nothing is known: an older answer is returned at once, and
// Directus is asked meanwhile, at most once a minute. The error is
// storage.ErrUnavailable (then an *UnavailableError) or the end of ctx.
//
// Where users are made with the write token, registration is open and verifies
// nothing, whatever the project's settings are.
func (c *Client) Project(ctx context.Context) (storage.Project, error) {
	project, known, due, err := c.brand.look(c.now())
	if !due {
		return project, err
	}
	answer := c.brand.asking.DoChan("project", func() (any, error) {
		return c.askProject(context.WithoutCancel(ctx))
	})
	if known {
		return project, nil
	}
	select {
	case <-ctx.Done():
		return storage.Project{}, context.Cause(ctx)
	case result := <-answer:
		project, _ = result.Val.(storage.Project)
		return project, result.Err
	}
}

// look returns what is known, and whether it is time to ask.
func (b *brand) look(now time.Time) (project storage.Project, known, due bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lifetime := projectLifetime
	if !b.known {
		err, lifetime = b.failure, projectPatience
	}
	age := now.Sub(b.asked)
	return b.project, b.known, b.asked.IsZero() || age >= lifetime || age < 0, err
}

func (c *Client) askProject(ctx context.Context) (storage.Project, error) {
	// Somebody else's request may have ended since we looked.
	now := c.now()
	if project, _, due, err := c.brand.look(now); !due {
		return project, err
	}
	var info struct {
		Project map[string]any `json:"project"`
	}
	// Without a token: what only users see has no place on pages for anybody.
	_, err := c.rest.Do(ctx, rest.Request{Name: "ask for the project", Method: http.MethodGet, Path: "/server/info"}, &info)
	c.brand.mu.Lock()
	defer c.brand.mu.Unlock()
	c.brand.asked = now
	if err != nil {
		c.log.WarnContext(ctx, "directus does not describe the project", "error", err)
		c.brand.failure = unavailable(err)
		return storage.Project{}, c.brand.failure
	}
	c.brand.project, c.brand.known = readProject(info.Project), true
	if c.register.token != "" {
		c.brand.project.Registration, c.brand.project.VerifiesEmail = true, false
	}
	return c.brand.project, nil
}

var hexColor = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// readProject takes nothing but what has the form that it should have.
func readProject(settings map[string]any) storage.Project {
	project := storage.Project{
		Name:          text(settings["project_name"]),
		Descriptor:    text(settings["project_descriptor"]),
		Logo:          fileID(settings["project_logo"]),
		Favicon:       fileID(settings["public_favicon"]),
		Background:    fileID(settings["public_background"]),
		Foreground:    fileID(settings["public_foreground"]),
		Note:          text(settings["public_note"]),
		Language:      text(settings["default_language"]),
		Registration:  settings["public_registration"] == true,
		VerifiesEmail: settings["public_registration_verify_email"] == true,
	}
	// Eight digits carry an alpha channel, which a page could not contrast with.
	color := text(settings["project_color"])
	if color = color[:min(len(color), len("#rrggbb"))]; hexColor.MatchString(color) {
		project.Color = strings.ToLower(color)
	}
	switch appearance := text(settings["default_appearance"]); appearance {
	case "auto", "light", "dark":
		project.Appearance = appearance
	}
	return project
}

// fileID is the id in a setting, which is an object with id and type for the
// background from Directus 11 on. That one may be a film.
func fileID(setting any) string {
	if file, ok := setting.(map[string]any); ok {
		if kind := text(file["type"]); kind != "" && !strings.HasPrefix(kind, "image/") {
			return ""
		}
		setting = file["id"]
	}
	if id := text(setting); isUserID(id) { // of the same form as those of users
		return id
	}
	return ""
}
