package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"gatehouse/storage"
)

// brandWait is how long a page waits for the look of the project at most.
const brandWait = 400 * time.Millisecond

// look is how pages look at the moment.
type look struct {
	project, logo string
	// logoTile says that the logo stands on a tile of the project's colour, as
	// it does in Directus: it may be white.
	logoTile bool
	// ownIcon says that the icon is ours.
	icon    string
	ownIcon bool
	style   string
	note    template.HTML
	// language is that of the project, or empty.
	language string
}

// brand is the operator's theme over the look of the project in Directus. It is
// safe for concurrent use.
type brand struct {
	source       Brand
	theme        Theme
	host, prefix string
	assets       *assets

	mu sync.Mutex
	// current was made of project.
	current *look
	project storage.Project
}

func newBrand(config Config, assets *assets, host string) (*brand, error) {
	b := &brand{source: config.Brand, theme: config.Theme, host: host, prefix: assets.prefix, assets: assets}
	for name, address := range map[string]string{
		"logo": b.theme.LogoURL, "favicon": b.theme.FaviconURL, "background": b.theme.BackgroundURL,
	} {
		if address != "" && webAddress(address) == "" {
			return nil, fmt.Errorf("theme: %s %q is no address of the web", name, address)
		}
	}
	var err error
	if b.current, err = b.paint(storage.Project{}); err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	return b, nil
}

// look returns the present look. It waits a moment for what the project says
// now, and goes on with what it said last: a Directus that hangs or is away takes
// no page away.
func (b *brand) look(ctx context.Context) look {
	if b.source != nil {
		ctx, cancel := context.WithTimeout(ctx, brandWait)
		defer cancel()
		if project, err := b.source.Project(ctx); err == nil {
			b.follow(project)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return *b.current
}

// follow makes the look that of the project.
func (b *brand) follow(project storage.Project) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if project == b.project {
		return
	}
	if painted, err := b.paint(project); err == nil {
		b.current, b.project = painted, project
	}
}

// paint makes the look of a project. What the project says is checked first: it
// must not be able to take the pages away.
func (b *brand) paint(project storage.Project) (*look, error) {
	if _, err := parseColor(project.Color); err != nil {
		project.Color = ""
	}
	switch Appearance(project.Appearance) {
	case Auto, Light, Dark:
	default:
		project.Appearance = ""
	}
	path, err := b.assets.restyle(style{
		color:      cmp.Or(b.theme.PrimaryColor, project.Color),
		appearance: cmp.Or(b.theme.Appearance, Appearance(project.Appearance)),
		background: cmp.Or(b.theme.BackgroundURL, b.pictureURL("background", project.Background)),
	})
	if err != nil {
		return nil, err
	}
	painted := &look{
		project: cmp.Or(b.theme.ProjectName, project.Name, b.host),
		logo:    cmp.Or(b.theme.LogoURL, b.pictureURL("logo", project.Logo)),
		icon:    cmp.Or(b.theme.FaviconURL, b.pictureURL("favicon", project.Favicon)),
		style:   path, language: project.Language,
		note: renderNote(cmp.Or(b.theme.Note, project.Note)),
	}
	painted.logoTile = b.theme.LogoURL == "" && painted.logo != ""
	if painted.icon == "" {
		painted.icon, painted.ownIcon = b.assets.icon, true
	}
	return painted, nil
}

// pictureURL names a picture so that another one has another address.
func (b *brand) pictureURL(kind, id string) string {
	if id == "" {
		return ""
	}
	return b.prefix + "/brand/" + kind + "?v=" + short(id)
}

// serve answers with a picture of the project: Directus need not be reachable
// from browsers, and gives its files to nobody unless told to.
func (b *brand) serve(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		picture, err := b.picture(r.Context(), kind)
		if err != nil || !showable(picture) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		servePicture(w, r, picture, "public, max-age=3600")
	}
}

func (b *brand) picture(ctx context.Context, kind string) (storage.Picture, error) {
	if b.source == nil {
		return storage.Picture{}, storage.ErrNotFound
	}
	b.look(ctx)
	b.mu.Lock()
	id := map[string]string{
		"logo": b.project.Logo, "favicon": b.project.Favicon, "background": b.project.Background, "foreground": b.project.Foreground,
	}[kind]
	b.mu.Unlock()
	if id == "" {
		return storage.Picture{}, storage.ErrNotFound
	}
	return b.source.Asset(ctx, id)
}
