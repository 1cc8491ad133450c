package registration

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"gatehouse/provider/oauth"
	"gatehouse/provider/strictjson"
)

// maxBodySize bounds a registration in bytes, and maxDepth how deep its values are
// nested: a key in a list in a key set needs four.
const (
	maxBodySize = 64 << 10
	maxDepth    = 8
)

// members are those of a JSON object, by name.
type members map[string]json.RawMessage

// readMembers reads the body of a request, which must be one JSON object.
func readMembers(w http.ResponseWriter, r *http.Request) (members, error) {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || mediaType != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		// RFC 7591, section 3.1.
		return nil, malformed("the body must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, malformed("the body is too large").WithStatus(http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return nil, malformed("the body cannot be read").WithCause(err)
	}
	return parseMembers(body)
}

// parseMembers reads one JSON object with nothing behind it.
func parseMembers(body []byte) (members, error) {
	if _, err := strictjson.Read(body, strictjson.Bounds{Depth: maxDepth}); err != nil {
		return nil, malformed("the body " + err.Error())
	}
	var all members
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return nil, malformed("the body is not a JSON object")
	}
	for name, value := range all {
		// RFC 7592, section 2.2: null stands for a member that is left out.
		if string(value) == "null" {
			delete(all, name)
		}
	}
	return all, nil
}

// malformed is the error of RFC 7591, section 3.2.2.
func malformed(description string) *oauth.Error {
	return oauth.NewError(oauth.InvalidClientMetadata, description)
}
