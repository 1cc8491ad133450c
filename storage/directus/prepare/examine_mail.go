package prepare

import (
	"context"
	"net/http"

	"gatehouse/storage/directus/internal/rest"
)

// mailCheck is what Directus calls it in its health. It is there if Directus tries
// its mail server at all (EMAIL_VERIFY_SETUP, HEALTHCHECK_SERVICES).
const mailCheck = "email:connection"

// examineMail asks Directus for its health, as a monitor does: it connects to its
// mail server by SMTP and sends nothing. Of other ways to send mail (EMAIL_TRANSPORT)
// it says that they are well without having tried them, and it keeps its answer for
// five minutes unless set otherwise (HEALTHCHECK_CACHE_TTL).
func (p *preparation) examineMail(ctx context.Context, found *Examination) error {
	var health struct {
		Checks map[string][]struct {
			Status string `json:"status"`
		} `json:"checks"`
	}
	_, err := p.admin.rest.Do(ctx, rest.Request{
		Name: "ask for its health", Method: http.MethodGet, Path: "/server/health", Token: p.admin.access, Whole: true, Unwell: true,
	}, &health)
	if err != nil {
		// HEALTHCHECK_ENABLED=false, or something between keeps it from us.
		return nil //nolint:nilerr // then it stays unknown
	}
	for _, check := range health.Checks[mailCheck] {
		if check.Status == "error" {
			found.Mail = No
			return nil
		}
		found.Mail = Yes
	}
	return nil
}
