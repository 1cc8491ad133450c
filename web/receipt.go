package web

import (
	"net/http"
	"time"

	"gatehouse/provider/oauth"
)

// receiptParameter carries a receipt in an address, receiptLifetime is how long it says
// something.
const (
	receiptParameter = "receipt"
	receiptLifetime  = time.Hour
)

// receipt tells the page that follows a form what the form did. It is sealed: an
// address of mail must not stand in logs and histories, and nobody should be
// able to make a page of ours say that something was done.
type receipt struct {
	Kind  string    `json:"k"`
	Email string    `json:"e,omitempty"`
	At    time.Time `json:"t"`
}

func (web *Web) sealReceipt(kind, email string) (string, error) {
	return web.handles.Seal(oauth.ReceiptHandle, receipt{Kind: kind, Email: email, At: web.now().UTC().Truncate(time.Second)})
}

// readReceipt returns the receipt of a page, and whether there is one of the kind.
func (web *Web) readReceipt(r *http.Request, kind string) (receipt, bool) {
	var got receipt
	sealed := r.URL.Query().Get(receiptParameter)
	if sealed == "" || web.handles.Open(oauth.ReceiptHandle, sealed, &got) != nil {
		return receipt{}, false
	}
	return got, got.Kind == kind && web.now().Sub(got.At) <= receiptLifetime
}

// withReceipt leads to the page of an errand that tells what was done.
func (s *screens) withReceipt(w http.ResponseWriter, r *http.Request, e errand, path, kind, email string, pairs ...string) {
	sealed, err := s.sealReceipt(kind, email)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	seeOther(w, r, s.link(e, path, append(pairs, receiptParameter, sealed)...))
}
