package directustest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Collection is a collection of people's own, with rows by their keys.
type Collection struct {
	server *Server
	key    string
	rows   map[string]map[string]any
	// readable says whether the service token may read it.
	readable bool
}

// AddCollection makes a collection, whose primary key is a column of text. The
// service token may read it.
func (s *Server) AddCollection(name, key string) *Collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Collection{server: s, key: key, rows: map[string]map[string]any{}, readable: true}
	s.collections[name] = c
	return c
}

// Put makes or changes a row as an editor does in the Studio.
func (c *Collection) Put(key string, values map[string]any) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	now := c.server.now().UTC().Format("2006-01-02T15:04:05.000Z")
	row := map[string]any{c.key: key, "date_created": now}
	maps.Copy(row, c.rows[key])
	maps.Copy(row, values)
	row["date_updated"] = now
	c.rows[key] = row
}

// PutSilently changes a row past Directus, which does not date it.
func (c *Collection) PutSilently(key string, values map[string]any) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	row := maps.Clone(c.rows[key])
	maps.Copy(row, values)
	c.rows[key] = row
}

// Delete removes a row.
func (c *Collection) Delete(key string) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.rows, key)
}

// Hide takes the right to read it from the service token, or gives it back.
func (c *Collection) Hide(hidden bool) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.readable = !hidden
}

type itemsQuery struct {
	Query struct {
		Filter    map[string]any      `json:"filter"`
		Fields    []string            `json:"fields"`
		Limit     int                 `json:"limit"`
		Offset    int                 `json:"offset"`
		Aggregate map[string][]string `json:"aggregate"`
	} `json:"query"`
}

// searchItems answers filters of the form that searchUsers does, counts and
// greatest values. A collection that does not exist looks like one that is hidden.
func (s *Server) searchItems(w http.ResponseWriter, r *http.Request, who caller) {
	var body itemsQuery
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[r.PathValue("collection")]
	if c == nil || who != administrator && (who != service || !c.readable) {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	if body.Query.Aggregate != nil {
		answer(w, []any{c.aggregate(body.Query.Aggregate)})
		return
	}
	rows := []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(c.rows)) {
		if matches(c.rows[key], body.Query.Filter) {
			rows = append(rows, c.rows[key])
		}
	}
	rows = rows[min(body.Query.Offset, len(rows)):]
	rows, ok := limited(s, w, body.Query.Limit, rows)
	if !ok {
		return
	}
	for i, row := range rows {
		if slices.Contains(body.Query.Fields, "*") {
			continue
		}
		rows[i] = map[string]any{}
		for _, field := range body.Query.Fields {
			rows[i][field] = row[field]
		}
	}
	answer(w, rows)
}

func (c *Collection) aggregate(wanted map[string][]string) map[string]any {
	greatest := map[string]any{}
	for _, column := range wanted["max"] {
		greatest[column] = nil
		for _, row := range c.rows {
			if value := fmt.Sprint(row[column]); greatest[column] == nil || value > fmt.Sprint(greatest[column]) {
				greatest[column] = value
			}
		}
	}
	return map[string]any{"count": len(c.rows), "max": greatest}
}
