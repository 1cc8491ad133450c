package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
)

func TestPicturesAreStoredTenTimesAnHour(t *testing.T) {
	p := newProfiles()
	p.written = &storage.OwnRights{Picture: true}
	h := self(t, p)
	for range 10 {
		h.wantTo(h.upload("picture", pngBytes()), "/account?notice=picture")
	}
	refused := h.upload("picture", pngBytes())
	h.wantPage(refused, http.StatusTooManyRequests, "too often in a short time", `id="picture-problem"`)
	if got := refused.Header.Get("Retry-After"); got != "3600" {
		t.Errorf("Retry-After %q", got)
	}
	if got := len(p.made()["ada"]); got != 10 {
		t.Errorf("%d pictures were taken", got)
	}
	h.clock.Advance(time.Hour)
	h.wantTo(h.upload("picture", pngBytes()), "/account?notice=picture")
}

func TestPictureTakesThePlaceOfTheOneBefore(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	profile := p.of["ada"]
	profile.Avatar = "file-ada"
	p.of["ada"] = profile
	h.wantTo(h.upload("picture", pngBytes()), "/account?notice=picture")
	if _, there := p.files["file-ada"]; there {
		t.Error("the picture before is still there")
	}
	h.wantTo(h.post("/account/picture/remove", nil), "/account?notice=picture-removed")
	if _, there := p.files["file-new"]; there {
		t.Error("the removed picture is still there")
	}
	if _, there := p.files["file-grace"]; !there {
		t.Error("the picture of another is gone")
	}
}

func TestPictureThatTheProfileDoesNotTakeIsNotLeftBehind(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		left    bool
	}{
		"refused":   {storage.ErrForbidden, false},
		"malformed": {storage.ErrMalformed, false},
		"who knows": {storage.ErrUnavailable, true}, // the profile may name it
	} {
		p := newProfiles()
		h := self(t, p)
		p.unnamed = test.failure
		h.upload("picture", pngBytes())
		if _, left := p.files["file-new"]; left != test.left {
			t.Errorf("%s: left behind %v", name, left)
		}
	}
}

// Whoever may not is told so before anything is read: the form has no picture.
func TestPicturesOfWhoeverMayNotAreNotRead(t *testing.T) {
	p := newProfiles()
	p.rights = storage.OwnRights{Profile: true}
	h := self(t, p)
	page := h.upload("picture", nil)
	h.wantPage(page, http.StatusForbidden, "does not let you change this")
	if strings.Contains(page.body, "Choose a picture.") {
		t.Error("the form was read")
	}
}
