package web_test

import (
	"html"
	"image"
	"image/color"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"gatehouse/web"
)

var (
	qrSize   = regexp.MustCompile(`id="enrol-qr"[^>]* viewBox="0 0 (\d+) (\d+)"`)
	qrPath   = regexp.MustCompile(`<path fill="#000" d="([^"]+)"`)
	qrRun    = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
	openLink = regexp.MustCompile(`id="enrol-open" href="([^"]+)"`)
)

// scan reads the QR code of a page as a phone would.
func scan(t *testing.T, page string) string {
	t.Helper()
	const scale = 4
	side := number(t, qrSize.FindStringSubmatch(page)[1])
	picture := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	path := qrPath.FindStringSubmatch(page)[1]
	if rest := qrRun.ReplaceAllString(path, ""); rest != "" {
		t.Fatalf("the path has more than runs of modules: %q", rest)
	}
	for _, run := range qrRun.FindAllStringSubmatch(path, -1) {
		x, y, length := number(t, run[1]), number(t, run[2]), number(t, run[3])
		if x < 4 || y < 4 || x+length > side-4 || y >= side-4 || run[3] != run[4] {
			t.Fatalf("run %s reaches into the margin", run[0])
		}
		for dx := range length * scale {
			for dy := range scale {
				picture.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatalf("the QR code cannot be read: %v", err)
	}
	return read.GetText()
}

func number(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestQRCode(t *testing.T) {
	for name, test := range map[string]struct{ project, email, label, issuer string }{
		"plain":        {"Acme", email, "Acme:ada@example.com", "Acme"},
		"with spaces":  {"Acme & Söhne+", "ada+shop@example.com", "Acme & Söhne+:ada+shop@example.com", "Acme & Söhne+"},
		"Japanese":     {"株式会社アクメ", "アダ@例え.jp", "株式会社アクメ:アダ@例え.jp", "株式会社アクメ"},
		"with a colon": {"Acme: Shop", email, "Acme  Shop:ada@example.com", "Acme  Shop"},
		"hostile":      {`A"><script>&secret=AAAA#?/`, email, `A"><script>&secret=AAAA#?/:ada@example.com`, `A"><script>&secret=AAAA#?/`},
		"long": {
			strings.Repeat("ä", 41), strings.Repeat("x", 242) + "@example.com",
			strings.Repeat("ä", 40) + ":" + strings.Repeat("x", 242) + "@example.com", strings.Repeat("ä", 40),
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := forced(t, func(c *web.Config) { c.Theme.ProjectName = test.project })
			h.accounts.users[email].account.Email = test.email
			page := h.get(enrolPath)
			h.wantPage(page, http.StatusOK)
			said := scan(t, page.body)
			if link := html.UnescapeString(openLink.FindStringSubmatch(page.body)[1]); link != said {
				t.Errorf("the link is %s, the QR code %s", link, said)
			}
			u, err := url.Parse(said)
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Scheme + "|" + u.Host + "|" + strings.TrimPrefix(u.Path, "/"); got != "otpauth|totp|"+test.label {
				t.Errorf("the app is told %s", got)
			}
			want := url.Values{"secret": {otpSecret}, "issuer": {test.issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
			if diff := cmp.Diff(want, u.Query()); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
			if strings.Contains(said, "+") {
				t.Error("some apps show a plus sign as it is")
			}
		})
	}
}
