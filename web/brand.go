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

const (
	// brandWait is how long a page waits for the look of the project at most.
	brandWait = 400 * time.Millisecond
	// brandTimeout ends a question that nobody waits for any more, and
	// brandPause keeps the next one back after a failure.
	brandTimeout = 10 * time.Second
	brandPause   = 10 * time.Second
)

// look is how pages look at the moment.
type look struct {
	project, logo string
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
	pictures     *pictures
	now          func() time.Time

	mu      sync.Mutex
	current *look
	// project is what current was made of, once known is set.
	project storage.Project
	known   bool
	// asking is closed when the question that is on its way is answered.
	asking    chan struct{}
	notBefore time.Time
}

func newBrand(config Config, assets *assets, host string) (*brand, error) {
	b := &brand{source: config.Brand, theme: config.Theme, host: host, prefix: assets.prefix, assets: assets, now: config.Now}
	b.pictures = &pictures{source: config.Brand, now: config.Now, kept: map[string]keptPicture{}}
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
// now, and goes on with what it said last.
func (b *brand) look(ctx context.Context) look {
	if answered := b.ask(ctx); answered != nil {
		patience := time.NewTimer(brandWait)
		defer patience.Stop()
		select {
		case <-answered:
		case <-patience.C:
		case <-ctx.Done():
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return *b.current
}

// ask sees to it that the project is asked, and returns what to wait for. Once
// there is an answer, however old, only one page waits for the next: a Directus
// that hangs must not slow all of them down.
func (b *brand) ask(ctx context.Context) <-chan struct{} {
	if b.source == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asking != nil {
		if b.known {
			return nil
		}
		return b.asking
	}
	if b.now().Before(b.notBefore) {
		return nil
	}
	answered := make(chan struct{})
	b.asking = answered
	go func() {
		// The answer serves later pages, even if this one is gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), brandTimeout)
		defer cancel()
		defer close(answered)
		b.answered(b.source.Project(ctx))
	}()
	return answered
}

func (b *brand) answered(project storage.Project, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asking = nil
	if err != nil {
		b.notBefore = b.now().Add(brandPause)
		return
	}
	if b.known && project == b.project {
		return
	}
	painted, err := b.paint(project)
	if err != nil {
		return
	}
	b.current, b.project, b.known = painted, project, true
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
		b.look(r.Context())
		b.mu.Lock()
		id := map[string]string{
			"logo": b.project.Logo, "favicon": b.project.Favicon, "background": b.project.Background, "foreground": b.project.Foreground,
		}[kind]
		b.mu.Unlock()
		picture, ok := b.pictures.find(r.Context(), id)
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		servePicture(w, r, picture, "public, max-age=3600")
	}
}
