package web

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

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
// its bytes say, not the form.
func (s *screens) picturePost(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, accountPath)
	if !ok {
		return
	}
	picture, err := readPicture(w, r)
	if key := pictureProblem(picture, err); key != "" {
		s.showProfile(w, r, who, http.StatusOK, nil, problems{{Field: "picture", Key: key, Limit: largestUpload >> 20}})
		return
	}
	may, access, locked, err := s.mayChange(r.Context(), who)
	switch {
	case err == nil && locked:
		s.signInAgain(w, r, who)
		return
	case err == nil && !may.Picture:
		err = storage.ErrForbidden
	}
	var id string
	if err == nil {
		id, err = s.profiles.StorePicture(r.Context(), access, picture)
	}
	switch {
	case err == nil:
		if s.updateProfile(w, r, who, storage.ProfileChange{Avatar: &id}, "picture", nil) {
			s.done(w, r, accountPath, "picture")
		}
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

// pictureRemove leaves the profile without picture. The file stays: others may
// have it too, and whoever keeps files decides how long.
func (s *screens) pictureRemove(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, accountPath)
	if !ok {
		return
	}
	none := ""
	if s.updateProfile(w, r, who, storage.ProfileChange{Avatar: &none}, "picture", nil) {
		s.done(w, r, accountPath, "picture-removed")
	}
}
