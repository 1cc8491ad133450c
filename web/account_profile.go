package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// profilePage is the data of account.html.
type profilePage struct {
	accountPage
	Action, PictureAction, PictureRemoveAction string
	// May says what the person may change. Locked says that this shows only
	// after another sign-in.
	May                 storage.OwnRights
	Locked              bool
	FirstName, LastName string
	// PictureURL is empty where there is none.
	PictureURL              string
	LanguageOptions, Looks  []option
	LanguageName, LookName  string
	Problems                problems
	PictureMost, NameLength int
}

// option is one of a list. Name is what it is called, or Key names its words.
type option struct {
	Value, Name, Key string
	// Lang is the language that the name is in.
	Lang     string
	Selected bool
}

func (s *screens) profile(w http.ResponseWriter, r *http.Request) {
	if who, ok := s.enter(w, r, accountPath); ok {
		s.showProfile(w, r, who, http.StatusOK, nil, nil)
	}
}

// mayChange says what the visitor may change of his account, with the access to
// change it by. Locked says that another sign-in has to show it.
func (s *screens) mayChange(ctx context.Context, who visitor) (may storage.OwnRights, access storage.DirectusAccess, locked bool, err error) {
	access, err = s.access(ctx, who)
	gone := errors.Is(err, errAccessGone)
	if err != nil && !gone {
		return may, access, false, err
	}
	if gone && !s.profiles.Writes() {
		return may, access, true, nil
	}
	may, err = s.profiles.OwnRights(ctx, access)
	switch {
	case errors.Is(err, storage.ErrAccessEnded):
		return storage.OwnRights{}, access, true, nil
	case errors.Is(err, storage.ErrForbidden):
		return storage.OwnRights{}, access, false, nil
	}
	return may, access, false, err
}

// showProfile shows the profile as it is, or as the form was filled.
func (s *screens) showProfile(w http.ResponseWriter, r *http.Request, who visitor, status int, typed url.Values, wrong problems) {
	data := profilePage{
		accountPage: s.accountPage(w, r, who, accountPath), Problems: wrong,
		Action: s.prefix + accountPath, PictureAction: s.prefix + picturePath, PictureRemoveAction: s.prefix + pictureRemovePath,
		PictureMost: largestUpload >> 20, NameLength: storage.MaxNameLength,
		FirstName: who.account.FirstName, LastName: who.account.LastName,
	}
	profile := storage.Profile{Language: who.account.Language}
	if s.profiles != nil {
		var err error
		if profile, err = s.profiles.Profile(r.Context(), who.session.Subject); err == nil {
			data.May, _, data.Locked, err = s.mayChange(r.Context(), who)
		}
		if err != nil {
			s.accountFailed(w, r, err)
			return
		}
		data.FirstName, data.LastName = profile.Account.FirstName, profile.Account.LastName
	}
	if profile.Avatar != "" {
		data.PictureURL = s.prefix + picturePath + "/" + profile.Avatar
	}
	if typed != nil {
		data.FirstName, data.LastName = typed.Get("given-name"), typed.Get("family-name")
	}
	data.LanguageOptions = s.languageOptions(profile.Language)
	data.Looks = lookOptions(profile.Appearance)
	data.LanguageName, data.LookName = selectedName(data.LanguageOptions), selectedName(data.Looks)
	data.Failed = len(wrong) > 0
	s.showAccount(w, r, status, "account", data)
}

// selectedName is the name, or the key, of the chosen option.
func selectedName(options []option) string {
	for _, o := range options {
		if o.Selected {
			return o.Name + o.Key
		}
	}
	return ""
}

// languageOptions are the project's own, those of the pages, and what the person
// has if it is none of these.
func (s *screens) languageOptions(chosen string) []option {
	options := []option{{Key: "profile.as_project", Selected: chosen == ""}}
	now, known := s.catalogues.match(chosen)
	for _, tag := range s.catalogues.tags {
		value := directusLanguage(tag)
		if known && tag == now {
			value = chosen // de-AT stays de-AT, as long as nobody chooses another
		}
		options = append(options, option{Value: value, Name: s.catalogues.names[tag], Lang: tag.String(), Selected: known && tag == now})
	}
	if chosen != "" && !known {
		options = append(options, option{Value: chosen, Name: chosen, Selected: true})
	}
	return options
}

// directusLanguage is how Directus names a language: with the region, without
// which its own pages do not know it.
func directusLanguage(tag language.Tag) string {
	base, _ := tag.Base()
	region, _ := tag.Region()
	if base.String() == "ar" {
		return "ar-SA" // of Arabic, Directus has that of Saudi Arabia
	}
	return base.String() + "-" + region.String()
}

func lookOptions(chosen string) []option {
	options := []option{
		{Key: "profile.as_project"},
		{Value: "auto", Key: "profile.look.auto"},
		{Value: "light", Key: "profile.look.light"},
		{Value: "dark", Key: "profile.look.dark"},
	}
	for i := range options {
		options[i].Selected = options[i].Value == chosen
	}
	return options
}

// profilePost writes the fields of the form, and never another: whatever else is
// sent is not looked at.
func (s *screens) profilePost(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, accountPath)
	if !ok {
		return
	}
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), authorize.StartAgain{})
		return
	}
	profile, err := s.profiles.Profile(r.Context(), who.session.Subject)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	if form.Get("action") == "unlock" {
		s.signInAgain(w, r, who)
		return
	}
	change, wrong := s.profileChange(profile, form)
	if len(wrong) > 0 {
		s.showProfile(w, r, who, http.StatusOK, form, wrong)
		return
	}
	if s.updateProfile(w, r, who, change, "given-name", form) {
		s.languageChosen(w, change.Language)
		s.done(w, r, accountPath, "profile")
	}
}

// profileChange is what of the form differs from the profile.
func (s *screens) profileChange(profile storage.Profile, form url.Values) (change storage.ProfileChange, wrong problems) {
	given := func(field, now string) *string {
		if typed := strings.TrimSpace(form.Get(field)); form.Has(field) && typed != now {
			return &typed
		}
		return nil
	}
	change.FirstName, change.LastName = given("given-name", profile.Account.FirstName), given("family-name", profile.Account.LastName)
	for _, name := range []struct {
		field string
		value *string
	}{{"given-name", change.FirstName}, {"family-name", change.LastName}} {
		if name.value != nil {
			wrong.add(name.field, nameProblem(*name.value), storage.MaxNameLength)
		}
	}
	offered := func(value *string, options []option) *string {
		if value == nil || !slices.ContainsFunc(options, func(o option) bool { return o.Value == *value }) {
			return nil
		}
		return value
	}
	change.Language = offered(given("language", profile.Language), s.languageOptions(profile.Language))
	change.Appearance = offered(given("appearance", profile.Appearance), lookOptions(profile.Appearance))
	return change, wrong
}

// updateProfile changes the profile, and says whether it did. If not it shows
// why, at the field.
func (s *screens) updateProfile(w http.ResponseWriter, r *http.Request, who visitor, change storage.ProfileChange, field string, typed url.Values) bool {
	_, access, locked, err := s.mayChange(r.Context(), who)
	if err == nil && locked {
		err = storage.ErrAccessEnded
	}
	if err == nil {
		err = s.changeProfile(r.Context(), who, access, change)
	}
	if err != nil {
		s.profileUnchanged(w, r, who, err, field, typed)
	}
	return err == nil
}

func (s *screens) changeProfile(ctx context.Context, who visitor, access storage.DirectusAccess, change storage.ProfileChange) error {
	err := s.profiles.UpdateProfile(ctx, who.session.Subject, access, change)
	if err == nil {
		s.sink.Emit(ctx, event.Event{Name: event.ProfileChanged, Subject: who.session.Subject, SessionID: who.session.ID})
	}
	return err
}

// profileUnchanged shows why.
func (s *screens) profileUnchanged(w http.ResponseWriter, r *http.Request, who visitor, err error, field string, typed url.Values) {
	switch {
	case errors.Is(err, storage.ErrAccessEnded):
		s.signInAgain(w, r, who)
	case errors.Is(err, storage.ErrForbidden):
		s.showProfile(w, r, who, http.StatusForbidden, typed, problems{{Field: field, General: true, Key: "profile.problem.forbidden"}})
	case errors.Is(err, storage.ErrMalformed):
		s.showProfile(w, r, who, http.StatusOK, typed, problems{{Field: field, General: true, Key: "profile.problem.malformed"}})
	default:
		s.accountFailed(w, r, err)
	}
}

// languageChosen has the pages of this browser follow a language that was just
// chosen in the profile: one that was chosen by a link before is older.
func (s *screens) languageChosen(w http.ResponseWriter, chosen *string) {
	if chosen == nil {
		return
	}
	if tag, ok := s.catalogues.match(*chosen); ok {
		s.cookies.Set(w, languageCookie, tag.String(), languageLifetime)
		return
	}
	s.cookies.Clear(w, languageCookie)
}
