package web

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/event"
	"gatehouse/provider/quota"
	"gatehouse/storage"
)

const (
	picturePath       = accountPath + "/picture"
	pictureRemovePath = picturePath + "/remove"
	// largestUpload is of the picture; uploadMargin is what a form has around it.
	largestUpload = 5 << 20
	uploadMargin  = 64 << 10
	// pictureWidth is twice that of the page, for fine screens.
	pictureWidth = 192
)

var (
	errPictureTooLarge = errors.New("the picture is too large")
	errPictureMissing  = errors.New("the form has no picture")
)

// picture shows the visitor's own picture, and nobody else's: the address must
// name the one that his profile names now. It asks nobody to sign in, since a
// picture is no page.
func (s *screens) picture(w http.ResponseWriter, r *http.Request) {
	shown, err := s.ownPicture(r)
	if errors.Is(err, storage.ErrNotFound) || (err == nil && !pictureType(shown)) {
		s.NotFound(w, r)
		return
	}
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	servePicture(w, r, shown, "no-store")
}

func (s *screens) ownPicture(r *http.Request) (storage.Picture, error) {
	browser, err := s.desk.Browser(r)
	if err != nil {
		return storage.Picture{}, err
	}
	current, ok := browser.Current()
	if !ok || current.MustEnrolOTP {
		return storage.Picture{}, storage.ErrNotFound
	}
	profile, err := s.profiles.Profile(r.Context(), current.Subject)
	if err != nil {
		return storage.Picture{}, err
	}
	id := chi.URLParam(r, "id")
	if !profile.Account.Active || profile.Avatar == "" || profile.Avatar != id {
		return storage.Picture{}, storage.ErrNotFound
	}
	access, err := s.access(r.Context(), visitor{session: current})
	if err != nil && !errors.Is(err, errAccessGone) {
		return storage.Picture{}, err
	}
	return s.profiles.ShowPicture(r.Context(), access, id, pictureWidth)
}

// pictureType says whether a file is a picture of a kind that people may store.
func pictureType(picture storage.Picture) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/webp"}, picture.ContentType)
}

// picturePost stores a picture and makes it that of the profile. What kind it is
// its bytes say, not the form. Nothing is read of people who may not.
func (s *screens) picturePost(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, accountPath)
	if !ok {
		return
	}
	may, access, locked, err := s.mayChange(r.Context(), who)
	switch {
	case err == nil && locked:
		err = storage.ErrAccessEnded
	case err == nil && !may.Picture:
		err = storage.ErrForbidden
	}
	if err != nil {
		s.pictureFailed(w, r, who, err)
		return
	}
	picture, err := readPicture(w, r)
	if key := pictureProblem(picture, err); key != "" {
		s.showProfile(w, r, who, http.StatusOK, nil, problems{{Field: "picture", Key: key, Limit: largestUpload >> 20}})
		return
	}
	err = s.pictures.Take(r.Context(), picturesOf(who.session.Subject))
	if often, ok := errors.AsType[*quota.FullError](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(often.Wait.Seconds()))))
		s.showProfile(w, r, who, http.StatusTooManyRequests, nil, problems{{Field: "picture", Key: "profile.problem.picture_often"}})
		return
	}
	var profile storage.Profile
	if err == nil {
		profile, err = s.profiles.Profile(r.Context(), who.session.Subject)
	}
	var id string
	if err == nil {
		id, err = s.profiles.StorePicture(r.Context(), access, picture)
	}
	if err != nil {
		s.pictureFailed(w, r, who, err)
		return
	}
	s.pictureStored(w, r, who, access, profile.Avatar, id)
}

// pictureStored names a stored file in the profile, and has none left behind:
// neither the one before, nor this one if the profile does not take it. Once the
// file is there, this goes on when the browser hangs up.
func (s *screens) pictureStored(w http.ResponseWriter, r *http.Request, who visitor, access storage.DirectusAccess, before, id string) {
	lasting := context.WithoutCancel(r.Context())
	err := s.changeProfile(lasting, who, access, storage.ProfileChange{Avatar: &id})
	switch {
	case err == nil:
		s.removePicture(lasting, who, access, before)
		s.done(w, r, accountPath, "picture")
		return
	case errors.Is(err, storage.ErrForbidden), errors.Is(err, storage.ErrMalformed), errors.Is(err, storage.ErrAccessEnded):
		// Refused, while after any other error the profile may name it.
		s.pictureKept(lasting, who, s.profiles.DiscardPicture(lasting, access, id))
	}
	s.profileUnchanged(w, r, who, err, "picture", nil)
}

// removePicture removes the file that was the visitor's picture, where it is his.
func (s *screens) removePicture(ctx context.Context, who visitor, access storage.DirectusAccess, id string) {
	if id != "" && access.AccessToken != "" {
		s.pictureKept(ctx, who, s.profiles.RemovePicture(ctx, access, id))
	}
}

// pictureKept notes that a file could not be removed, where that is news: many
// projects let nobody remove files.
func (s *screens) pictureKept(ctx context.Context, who visitor, err error) {
	if err == nil || errors.Is(err, storage.ErrForbidden) || errors.Is(err, storage.ErrAccessEnded) {
		return
	}
	s.sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "screen", Subject: who.session.Subject, Reason: "a picture was not removed", Err: err})
}

// pictureFailed shows why a picture was not stored.
func (s *screens) pictureFailed(w http.ResponseWriter, r *http.Request, who visitor, err error) {
	switch {
	case errors.Is(err, storage.ErrAccessEnded):
		s.signInAgain(w, r, who)
	case errors.Is(err, storage.ErrForbidden):
		s.showProfile(w, r, who, http.StatusForbidden, nil, problems{{Field: "picture", Key: "profile.problem.forbidden"}})
	case errors.Is(err, storage.ErrMalformed):
		s.showProfile(w, r, who, http.StatusOK, nil, problems{{Field: "picture", Key: "profile.problem.picture_type"}})
	default:
		s.accountFailed(w, r, err)
	}
}

// readPicture reads the one file of the form, in memory: a file on the disk could
// be left behind.
func readPicture(w http.ResponseWriter, r *http.Request) (storage.Picture, error) {
	r.Body = http.MaxBytesReader(w, r.Body, largestUpload+uploadMargin)
	parts, err := r.MultipartReader()
	if err != nil {
		return storage.Picture{}, errPictureMissing
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return storage.Picture{}, uploadError(err)
		}
		if part.FormName() != "picture" {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(part, largestUpload+1))
		switch {
		case err != nil:
			return storage.Picture{}, uploadError(err)
		case len(body) == 0:
			return storage.Picture{}, errPictureMissing
		case len(body) > largestUpload:
			return storage.Picture{}, errPictureTooLarge
		}
		return storage.Picture{ContentType: http.DetectContentType(body), Body: body}, nil
	}
}

func uploadError(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errPictureTooLarge
	}
	return errPictureMissing
}

// pictureProblem is the key of what is wrong with an upload.
func pictureProblem(picture storage.Picture, err error) string {
	switch {
	case errors.Is(err, errPictureTooLarge):
		return "profile.problem.picture_size"
	case err != nil:
		return "profile.problem.picture_missing"
	case !pictureType(picture):
		return "profile.problem.picture_type"
	}
	return ""
}

// pictureRemove leaves the profile without picture, and removes the file where it
// is the person's own: others may have the same one.
func (s *screens) pictureRemove(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, accountPath)
	if !ok {
		return
	}
	profile, err := s.profiles.Profile(r.Context(), who.session.Subject)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	none := ""
	if !s.updateProfile(w, r, who, storage.ProfileChange{Avatar: &none}, "picture", nil) {
		return
	}
	lasting := context.WithoutCancel(r.Context())
	if access, err := s.access(lasting, who); err == nil {
		s.removePicture(lasting, who, access, profile.Avatar)
	}
	s.done(w, r, accountPath, "picture-removed")
}
