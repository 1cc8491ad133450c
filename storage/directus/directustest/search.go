package directustest

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// currentUser stands for the user that asks.
const currentUser = "$CURRENT_USER"

// searchUsers answers filters of the form {"id":{"_eq":…}}, see holds, and
// several of them in {"_and":[…]} or {"_or":[…]}.
// The tokens' own users, which are not in the list, are found by currentUser.
func (s *Server) searchUsers(w http.ResponseWriter, r *http.Request, who caller) {
	var body struct {
		Query struct {
			Filter map[string]any `json:"filter"`
			Fields []string       `json:"fields"`
			Limit  int            `json:"limit"`
		} `json:"query"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	if who == stranger || who == person {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []map[string]any{}
	filter, _ := body.Query.Filter["id"].(map[string]any)
	switch {
	case filter["_eq"] == currentUser && !s.hideOwn:
		rows = append(rows, map[string]any{"id": ownID(who)})
	case filter["_neq"] == currentUser && !s.hideOthers:
		rows = append(rows, map[string]any{"id": ownID(another(who))})
	}
	if s.hideOthers || filter["_eq"] == currentUser || filter["_neq"] == currentUser {
		answer(w, rows)
		return
	}
	for _, user := range s.users {
		row := user.row()
		if !known(row, body.Query.Filter) {
			refuse(w, http.StatusForbidden, "FORBIDDEN")
			return
		}
		if !matches(row, body.Query.Filter) {
			continue
		}
		shown := map[string]any{}
		for _, field := range body.Query.Fields {
			if !show(shown, row, strings.Split(field, ".")) {
				refuse(w, http.StatusForbidden, "FORBIDDEN") // a column that does not exist
				return
			}
		}
		rows = append(rows, shown)
	}
	slices.SortFunc(rows, func(a, b map[string]any) int {
		first, _ := a["id"].(string)
		second, _ := b["id"].(string)
		return strings.Compare(first, second)
	})
	if rows, ok := limited(s, w, body.Query.Limit, rows); ok {
		answer(w, rows)
	}
}

// SetQueryLimitMax is QUERY_LIMIT_MAX of Directus; 0 for none.
func (s *Server) SetQueryLimitMax(rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queryLimitMax = rows
}

// limited cuts rows off. A limit above QUERY_LIMIT_MAX is refused, and -1 stands
// for as many as that allows. It needs the lock, and has answered if not ok.
func limited[T any](s *Server, w http.ResponseWriter, limit int, rows []T) (some []T, ok bool) {
	if s.queryLimitMax > 0 && limit > s.queryLimitMax {
		refuse(w, http.StatusBadRequest, "INVALID_QUERY")
		return nil, false
	}
	if limit <= 0 {
		limit = len(rows)
		if s.queryLimitMax > 0 {
			limit = s.queryLimitMax
		}
	}
	return rows[:min(limit, len(rows))], true
}

// row is the user as Directus shows it: secrets are masked.
func (a *account) row() map[string]any {
	row := map[string]any{
		"id": a.ID, "email": a.Email, "status": a.Status, "provider": a.Provider,
		"first_name": orNull(a.FirstName), "last_name": orNull(a.LastName),
		"password": masked(a.Password), "tfa_secret": masked(a.OTPSecret), "role": nil,
		"avatar": nil, "location": nil, "title": nil, "language": nil, "appearance": nil,
	}
	maps.Copy(row, a.Fields)
	return row
}

// known says whether every field that a filter names exists.
func known(row map[string]any, filter map[string]any) bool {
	for column, value := range filter {
		switch several, isList := value.([]any); {
		case isList && (column == "_and" || column == "_or"):
			for _, one := range several {
				if one, ok := one.(map[string]any); ok && !known(row, one) {
					return false
				}
			}
		default:
			if _, exists := row[column]; !exists {
				return false
			}
		}
	}
	return true
}

func matches(row map[string]any, filter map[string]any) bool {
	for column, value := range filter {
		if several, ok := value.([]any); ok {
			met := func(one any) bool { filter, ok := one.(map[string]any); return ok && matches(row, filter) }
			unmet := func(one any) bool { return !met(one) }
			if column == "_and" && slices.ContainsFunc(several, unmet) || column == "_or" && !slices.ContainsFunc(several, met) {
				return false
			}
			continue
		}
		tests, ok := value.(map[string]any)
		if !ok {
			return false
		}
		for operator, operand := range tests {
			if !holds(row[column], operator, operand) {
				return false
			}
		}
	}
	return true
}

// holds knows the operators that Gatehouse uses. Those without regard to case
// take "_" and "%" for patterns of SQL.
func holds(value any, operator string, operand any) bool {
	text, _ := value.(string)
	wanted, _ := operand.(string)
	pattern := strings.NewReplacer("_", ".", "%", ".*").Replace(regexp.QuoteMeta(wanted))
	switch operator {
	case "_eq":
		return value == operand
	case "_istarts_with":
		return regexp.MustCompile("(?is)^" + pattern).MatchString(text)
	case "_iends_with":
		return regexp.MustCompile("(?is)" + pattern + "$").MatchString(text)
	case "_nempty":
		return value != nil && value != ""
	case "_in":
		several, _ := operand.([]any)
		return slices.Contains(several, value)
	}
	return false
}

// show copies a column, or a column of a related row, and says whether there is one.
func show(shown, row map[string]any, path []string) bool {
	value, exists := row[path[0]]
	if !exists {
		return false
	}
	if _, isHidden := value.(hidden); isHidden {
		return true
	}
	related, isRelated := value.(map[string]any)
	if len(path) == 1 || !isRelated {
		shown[path[0]] = value
		return true
	}
	into, ok := shown[path[0]].(map[string]any)
	if !ok {
		into = map[string]any{}
		shown[path[0]] = into
	}
	return show(into, related, path[1:])
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func masked(text string) any {
	if text == "" {
		return nil
	}
	return "**********"
}
