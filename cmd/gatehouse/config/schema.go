package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"gatehouse/provider/claims"
)

// Schema is the JSON Schema (2020-12) of the file.
func Schema() ([]byte, error) {
	root := object()
	for _, s := range settings() {
		describe(root, s)
	}
	properties := root["properties"].(map[string]any) //nolint:forcetypeassert // made by object
	properties[claimsKey], properties[scopesKey] = claimsSchema()
	client := object()
	for _, s := range clientSettings() {
		describe(client, s)
	}
	fields := client["properties"].(map[string]any) //nolint:forcetypeassert // made by object
	fields[jwksKey] = map[string]any{"type": []string{"object", "string"}, "description": "The client's public keys (RFC 7517, section 5), as YAML or JSON."}
	allowed := fields["allow"].(map[string]any)["properties"].(map[string]any) //nolint:forcetypeassert // made by object
	allowed["filter"] = map[string]any{"type": []string{"object", "string"}, "description": "A filter on directus_users in the syntax of Directus, as YAML or JSON, that must pick the user."}
	fields[scopeRolesKey] = map[string]any{
		"type": "object", "additionalProperties": map[string]any{"type": []string{"array", "string"}, "items": map[string]any{"type": "string"}},
		"description": "Scopes, each with the roles of Directus of which a user must have one to be granted it.",
	}
	client["required"] = []string{"client_id"}
	properties[clientsKey] = map[string]any{
		"type": "array", "items": client,
		"description": "Clients that live in the configuration; commands cannot change them. Environment: " + variable(clientsKey) + " (YAML or JSON).",
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "gatehouse.yaml"
	return json.MarshalIndent(root, "", "  ")
}

func object() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{}}
}

// describe adds a setting to its place in the tree of objects.
func describe[T any](root map[string]any, s setting[T]) {
	var zero T
	v := s.value(&zero)
	parts := strings.Split(s.key, ".")
	node := root["properties"].(map[string]any) //nolint:forcetypeassert // made by object
	for _, part := range parts[:len(parts)-1] {
		if node[part] == nil {
			node[part] = object()
		}
		node = node[part].(map[string]any)["properties"].(map[string]any) //nolint:forcetypeassert // made by object
	}
	last := parts[len(parts)-1]
	schema := map[string]any{"description": s.doc}
	maps.Copy(schema, v.schema)
	if s.fallback != "" {
		schema["default"] = fallbackJSON(s.fallback, v)
	}
	node[last] = schema
	if s.secret {
		node[last+fileSuffix] = map[string]any{"type": "string", "description": fmt.Sprintf("File that holds %s. Excludes %s.", last, last)}
	}
}

func fallbackJSON(fallback string, v value) any {
	if v.list {
		return strings.Split(fallback, ",")
	}
	if v.schema["type"] == "string" {
		return fallback
	}
	return json.RawMessage(fallback)
}

// Variables lists every environment variable that is understood.
func Variables() []string {
	all := append([]string{ConfigVariable, variable(claimsKey), variable(scopesKey), variable(clientsKey)}, setupVariables()...)
	for _, s := range settings() {
		all = append(all, variable(s.key))
		if s.secret {
			all = append(all, variable(s.key)+strings.ToUpper(fileSuffix))
		}
	}
	return all
}

// Reference is the table of settings for docs/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString("| Key | Variable | Default | Meaning |\n|---|---|---|---|\n")
	for _, s := range settings() {
		doc := s.doc
		if s.secret {
			doc += " Or `" + s.key + fileSuffix + "`, `" + variable(s.key) + "_FILE`: a file that holds it."
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.key, variable(s.key), code(s.fallback), doc)
	}
	fmt.Fprintf(&b, "| `%s` | `%s` | see below | Where each claim comes from. |\n", claimsKey, variable(claimsKey))
	fmt.Fprintf(&b, "| `%s` | `%s` |  | What the consent screen says of scopes that are not standard ones, see below. |\n", scopesKey, variable(scopesKey))
	fmt.Fprintf(&b, "| `%s` | `%s` |  | Clients, see below. |\n", clientsKey, variable(clientsKey))
	b.WriteString("\n### Keys of a claim\n\n| Key | Meaning |\n|---|---|\n")
	for _, s := range ruleSettings() {
		var zero claims.Rule
		doc := s.doc
		if options := s.value(&zero).schema["enum"]; options != nil {
			doc += fmt.Sprintf(" One of %v.", options)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.key, doc)
	}
	fmt.Fprintf(&b, "| `%s` | The value where Directus has none. |\n", defaultKey)
	b.WriteString("\n### Keys of a client\n\n| Key | Meaning |\n|---|---|\n")
	for _, s := range clientSettings() {
		doc := s.doc
		if s.secret {
			doc += " Or `" + s.key + fileSuffix + "`: a file that holds it."
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.key, doc)
	}
	fmt.Fprintf(&b, "| `%s` | The client's public keys (RFC 7517), as YAML or JSON. |\n", jwksKey)
	fmt.Fprintf(&b, "| `%s` | A filter on directus_users in the syntax of Directus, as YAML or JSON, that must pick the user. See access.md. |\n", allowFilterKey)
	fmt.Fprintf(&b, "| `%s` | Scopes, each with the roles of Directus, by id or name, of which a user must have one to be granted it. |\n", scopeRolesKey)
	return b.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
