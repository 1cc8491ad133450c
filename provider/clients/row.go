package clients

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Row is what became of a row of a collection of clients.
type Row struct {
	// ID is that of the row, whatever is wrong with the rest.
	ID string
	// Client is valid and has its defaults, if the row is Active and Refused is
	// nil.
	Client storage.Client
	// Active is false for a row that is switched off, which may be half written.
	Active bool
	// Refused joins a FieldError for each fault. None of them repeats a secret.
	Refused error

	digest [sha256.Size]byte
	made   int64
}

// Good says whether the client may be used.
func (r Row) Good() bool { return r.Active && r.Refused == nil }

// Judge holds rows to the rules for all clients. Each begins as what rights says of
// its client_id: what the configuration alone decides. A row whose client_id has
// another source, as taken says in words, is refused.
func Judge(rows []storage.ClientRow, rights map[string]storage.Client, rules Rules, taken func(id string) string) []Row {
	judged := make([]Row, 0, len(rows))
	for _, row := range rows {
		judged = append(judged, judge(row, rights[row.ID], rules, taken(row.ID)))
	}
	return judged
}

func judge(from storage.ClientRow, client storage.Client, rules Rules, taken string) Row {
	row := Row{ID: from.ID, digest: digestOf(from), Active: true}
	if from.TooLarge {
		row.Refused = refusal(columnID, "the row is larger than any client needs to be")
		return row
	}
	v := &validation{client: client, rules: rules}
	v.client.ID = from.ID
	row.Active = v.active(from.Values[columnStatus])
	if made, err := readMoment(from.Values[columnMade]); err == nil {
		row.made = made.Unix()
	}
	if !row.Active && len(v.errs) == 0 {
		return row
	}
	v.row(from)
	if taken != "" {
		v.refuse(columnID, "%s; choose another", taken)
	}
	v.client = WithDefaults(v.client)
	before := Fields(errors.Join(v.errs...))
	for _, fault := range Fields(Validate(v.client, rules)) {
		v.add(fault, before)
	}
	row.Client, row.Refused = v.client, errors.Join(v.errs...)
	return row
}

// active says whether the client is switched on. A status that is neither is a
// fault of a row that claims to be.
func (v *validation) active(raw json.RawMessage) bool {
	var status string
	if !empty(raw) && json.Unmarshal(raw, &status) == nil && status == statusOff {
		return false
	}
	if status != statusActive {
		v.refuse(columnStatus, "must be %s or %s", statusActive, statusOff)
	}
	return true
}

// row reads every column.
func (v *validation) row(from storage.ClientRow) {
	for _, name := range privileged() {
		switch value := from.Values[name]; {
		case empty(value) || string(value) == "false" || string(value) == "0":
		case name == "client_secret":
			// It stays in the revisions of Directus, whatever becomes of the column.
			v.refuse(name, "must not stand in Directus; make another with gatehouse client secret, write its digest into %s, and take the column away", columnSecret)
		default:
			v.refuse(name, "is for the configuration alone to set, in an entry of clients with source: directus; take the column away")
		}
	}
	for _, c := range columns() {
		if empty(from.Values[c.name]) {
			continue
		}
		if err := c.read(from.Values[c.name], &v.client); err != nil {
			v.refuse(c.name, "%s", err)
		}
	}
	if SignsWithSecret(v.client) {
		v.refuse("token_endpoint_auth_method", "client_secret_jwt needs the secret itself, and a row holds its digest only; use private_key_jwt")
	}
	v.secrets(from.Values)
}

// secrets reads the digests: one that is in use, and one that it replaced, which
// must end.
func (v *validation) secrets(values map[string]json.RawMessage) {
	for _, pair := range []struct{ digest, ends string }{{columnSecret, columnSecretEnds}, {columnOldSecret, columnOldSecretsEnds}} {
		if empty(values[pair.digest]) {
			continue
		}
		kept, err := storage.SecretDigest{}, error(nil)
		if kept.SHA256, err = readDigest(values[pair.digest]); err != nil {
			v.refuse(pair.digest, "%s", err)
			continue
		}
		if oauth.DigestMatches("", kept.SHA256) || oauth.DigestMatches(v.client.ID, kept.SHA256) {
			// The digest of a guess is no secret (RFC 6749, section 10.10).
			v.refuse(pair.digest, "is the digest of something that anybody knows; make a secret with: gatehouse client secret")
		}
		if !empty(values[pair.ends]) {
			if kept.Expires, err = readMoment(values[pair.ends]); err != nil {
				v.refuse(pair.ends, "%s", err)
			}
		} else if pair.digest == columnOldSecret {
			v.refuse(pair.ends, "is missing; a secret that was replaced must end")
		}
		v.client.SecretDigests = append(v.client.SecretDigests, kept)
	}
}

// add takes over a fault that the rules for all clients found, in the words of a
// row. A field that was refused before is not refused again.
func (v *validation) add(fault *FieldError, before []*FieldError) {
	if fault.Field == "client_secret" {
		if SignsWithSecret(v.client) {
			return
		}
		fault.Field = columnSecret
		if len(v.client.SecretDigests) == 0 {
			fault.Rule = "is missing; make a secret with: gatehouse client secret, and put its digest here, or choose another token_endpoint_auth_method"
			fault.Problem = fault.Rule
		}
	}
	if !slices.ContainsFunc(before, func(earlier *FieldError) bool { return earlier.Field == fault.Field }) {
		v.errs = append(v.errs, fault)
	}
}

func refusal(field, rule string) error { return &FieldError{Field: field, Problem: rule, Rule: rule} }

// digestOf tells one state of a row from another.
func digestOf(row storage.ClientRow) [sha256.Size]byte {
	raw, _ := json.Marshal(row) //nolint:errchkjson // values were read from JSON
	return sha256.Sum256(raw)
}

// Words are the faults of a row in one line, without a word of the row itself.
func Words(refused error) string {
	var all []string
	for _, fault := range Fields(refused) {
		all = append(all, fault.Field+" "+fault.Rule)
	}
	return strings.Join(all, "; ")
}
