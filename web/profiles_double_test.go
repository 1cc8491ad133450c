package web_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/web"
)

// profiles stands in for what Directus does about people's own accounts.
type profiles struct {
	mu sync.Mutex
	// rights are what the access of a fresh sign-in permits, written those of
	// the token that may write; without one there is nil.
	rights  storage.OwnRights
	written *storage.OwnRights
	of      map[string]storage.Profile
	files   map[string]storage.Picture
	// failure is that of every change.
	failure error
	// unnamed is that of changes of a profile alone.
	unnamed error
	// refused is the one password that the project's policy refuses.
	refused storage.Secret
	// changes and passwords are what was written, by user.
	changes   map[string][]storage.ProfileChange
	passwords map[string]storage.Secret
}

func newProfiles() *profiles {
	ada := storage.Account{ID: "ada", Email: email, FirstName: "Ada", LastName: "Lovelace", Active: true}
	grace := storage.Account{ID: "grace", Email: "grace@example.com", Active: true}
	return &profiles{
		rights: storage.OwnRights{Profile: true, Password: true, Picture: true},
		of: map[string]storage.Profile{
			"ada": {Account: ada, Language: "en-US", Appearance: "auto"}, "grace": {Account: grace, Avatar: "file-grace"},
		},
		files: map[string]storage.Picture{
			"file-ada": {ContentType: "image/png", Body: pngBytes()}, "file-grace": {ContentType: "image/png", Body: pngBytes()},
			"file-html": {ContentType: "text/html", Body: []byte("<script>")},
		},
		changes: map[string][]storage.ProfileChange{}, passwords: map[string]storage.Secret{},
	}
}

// pngBytes begin as a PNG does, which is as far as anybody looks.
func pngBytes() []byte { return []byte("\x89PNG\r\n\x1a\n rest of the picture") }

func (p *profiles) Writes() bool { return p.written != nil }

func (p *profiles) OwnRights(_ context.Context, access storage.DirectusAccess) (storage.OwnRights, error) {
	if p.written != nil {
		return *p.written, nil
	}
	if access.AccessToken == "" {
		return storage.OwnRights{}, storage.ErrAccessEnded
	}
	return p.rights, nil
}

func (p *profiles) Profile(_ context.Context, id string) (storage.Profile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	profile, ok := p.of[id]
	if !ok {
		return storage.Profile{}, storage.ErrNotFound
	}
	return profile, nil
}

func (p *profiles) may(id string, access storage.DirectusAccess) error {
	switch {
	case p.failure != nil:
		return p.failure
	case p.written == nil && access.AccessToken == "":
		return storage.ErrAccessEnded
	case p.written == nil && access.Subject != id:
		return storage.ErrForbidden
	}
	return nil
}

func (p *profiles) UpdateProfile(_ context.Context, id string, access storage.DirectusAccess, change storage.ProfileChange) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.may(id, access); err != nil {
		return err
	}
	if p.unnamed != nil {
		return p.unnamed
	}
	p.changes[id] = append(p.changes[id], change)
	profile := p.of[id]
	for from, to := range map[*string]*string{
		change.FirstName: &profile.Account.FirstName, change.LastName: &profile.Account.LastName,
		change.Language: &profile.Language, change.Appearance: &profile.Appearance, change.Avatar: &profile.Avatar,
	} {
		if from != nil {
			*to = *from
		}
	}
	p.of[id] = profile
	return nil
}

func (p *profiles) ChangePassword(_ context.Context, id string, access storage.DirectusAccess, password storage.Secret) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.may(id, access); err != nil {
		return err
	}
	if password == p.refused {
		return storage.ErrPasswordPolicy
	}
	p.passwords[id] = password
	return nil
}

func (p *profiles) StorePicture(_ context.Context, access storage.DirectusAccess, picture storage.Picture) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.may(access.Subject, access); err != nil {
		return "", err
	}
	p.files["file-new"] = picture
	return "file-new", nil
}

func (p *profiles) DiscardPicture(_ context.Context, _ storage.DirectusAccess, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.files, id)
	return nil
}

func (p *profiles) RemovePicture(ctx context.Context, access storage.DirectusAccess, id string) error {
	return p.DiscardPicture(ctx, access, id)
}

func (p *profiles) ShowPicture(_ context.Context, _ storage.DirectusAccess, id string, _ int) (storage.Picture, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	picture, ok := p.files[id]
	if !ok {
		return storage.Picture{}, storage.ErrNotFound
	}
	return picture, nil
}

// made are the changes that were made to anybody.
func (p *profiles) made() map[string][]storage.ProfileChange {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string][]storage.ProfileChange{}
	for id, changes := range p.changes {
		all[id] = slices.Clone(changes)
	}
	return all
}

// withProfiles has the screens change accounts.
func withProfiles(p *profiles) func(*web.Config) {
	return func(config *web.Config) { config.Profiles = p }
}

// keepAccess is what the sign-in of a moment ago left behind.
func (h *house) keepAccess(subject string) {
	h.t.Helper()
	access := storage.DirectusAccess{Subject: subject, AccessToken: "access-of-" + subject, Expires: h.clock.Now().Add(14 * time.Minute)}
	if err := h.store.DirectusAccesses.Put(h.t.Context(), "session-"+subject, access, 14*time.Minute); err != nil {
		h.t.Fatal(err)
	}
}

// self is a house where ada has just signed in to her own account.
func self(t testing.TB, p *profiles, options ...func(*web.Config)) *house {
	t.Helper()
	h := newHouse(t, append(options, withProfiles(p))...)
	h.enter("ada")
	h.keepAccess("ada")
	return h
}
