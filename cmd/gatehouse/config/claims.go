package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse/provider/claims"
)

const defaultKey = "default"

// ruleSettings are the keys of a claim in the long form. default is a tree, since it
// may be a list or an object.
func ruleSettings() []setting[claims.Rule] {
	types := make([]string, 0, len(claims.Types()))
	for _, t := range claims.Types() {
		types = append(types, string(t))
	}
	return []setting[claims.Rule]{
		{
			key: "from", doc: "A field of the user, a path through relations (company.name), a template ({first_name} {company.name}), =text for everybody, or roles(), groups(), policies() with names, roles(id) and so on with ids.",
			value: func(r *claims.Rule) value { return text(&r.From) },
		},
		{
			key: "scope", doc: "The scope that releases it. Standard claims have one; any other claim needs it, and makes it known.",
			value: func(r *claims.Rule) value { return text(&r.Scope) },
		},
		{
			key: "type", doc: "What the value is made into; what does not convert is left out. string, unless the claim has a type of its own.",
			value: func(r *claims.Rule) value { return choice((*string)(&r.Type), types...) },
		},
		{
			key: "in", doc: "Where it goes. userinfo if left out.",
			value: func(r *claims.Rule) value { return choices(&r.In, claims.Destinations()...) },
		},
	}
}

// claims reads the map of claims. What is named replaces the default; an empty value
// takes the claim away.
func (l *loader) claims(g given) {
	r := l.reader(g)
	if g.node.Kind != yaml.MappingNode {
		r.problems.add(g.origin, claimsKey, "is %s; write claim: field, or claim: \"{field} {field}\"", kindOf(g.node))
		return
	}
	l.config.Claims, l.config.ClaimRules = map[string]string(claims.DefaultMapping()), map[string]claims.Rule{}
	seen := map[string]bool{}
	for i := 0; i+1 < len(g.node.Content); i += 2 {
		name, child := g.node.Content[i], g.node.Content[i+1]
		if seen[name.Value] {
			l.problems.add(r.at(name), claimsKey+"."+name.Value, "stands there twice; keep one")
			continue
		}
		seen[name.Value] = true
		l.claim(r, name, child)
	}
}

func (l *loader) claim(r reader, name, child *yaml.Node) {
	key := claimsKey + "." + name.Value
	alone := claims.Config{}
	switch {
	case child.Kind == yaml.MappingNode:
		delete(l.config.Claims, name.Value)
		rule, readable := l.rule(r, key+".", child)
		if !readable {
			return
		}
		l.config.ClaimRules[name.Value] = rule
		alone.Rules = map[string]claims.Rule{name.Value: rule}
	case child.Kind != yaml.ScalarNode:
		l.problems.add(r.at(child), key, "is %s; write the name of a field of directus_users, a template such as \"{first_name} {last_name}\", =text for everybody, or from:, scope: and so on", kindOf(child))
		return
	case child.Value == "" || isNull(child):
		delete(l.config.Claims, name.Value)
		return
	default:
		l.config.Claims[name.Value] = child.Value
		alone.Mapping = claims.Mapping{name.Value: child.Value}
	}
	if _, err := claims.New(alone); err != nil {
		// The key says already which claim it is.
		problem := strings.TrimPrefix(err.Error(), "claim "+name.Value)
		l.problems.add(r.at(name), key, "%s", strings.TrimPrefix(strings.TrimPrefix(problem, ":"), " "))
	}
}

// rule reads the long form.
func (l *loader) rule(r reader, shown string, node *yaml.Node) (rule claims.Rule, readable bool) {
	table := ruleSettings()
	fields := map[string]given{}
	before := len(*l.problems)
	r.mapping(node, keysOf(table, defaultKey), "", shown, fields)
	for _, s := range table {
		if value, ok := fields[s.key]; ok {
			l.apply(s.key, shown, s.secret, s.value(&rule), value)
		}
	}
	if g, ok := fields[defaultKey]; ok {
		if holdsAlias(g.node) || g.node.Decode(&rule.Default) != nil {
			l.problems.add(g.origin, shown+defaultKey, "is no plain value, list or mapping of these")
		}
		if _, err := json.Marshal(rule.Default); err != nil {
			l.problems.add(g.origin, shown+defaultKey, "cannot be written as JSON")
		}
	}
	return rule, len(*l.problems) == before
}

// scopes reads what the consent screen says of scopes that claims or clients made up.
func (l *loader) scopes(g given) {
	r := l.reader(g)
	if g.node.Kind != yaml.MappingNode {
		r.problems.add(g.origin, scopesKey, "is %s; write scope: {description: Your orders}", kindOf(g.node))
		return
	}
	l.config.Scopes = map[string]string{}
	for i := 0; i+1 < len(g.node.Content); i += 2 {
		name, child := g.node.Content[i], g.node.Content[i+1]
		shown := scopesKey + "." + name.Value + "."
		if _, twice := l.config.Scopes[name.Value]; twice {
			l.problems.add(r.at(name), strings.TrimSuffix(shown, "."), "stands there twice; keep one")
			continue
		}
		if slices.Contains(claims.Scopes(), name.Value) {
			l.problems.add(r.at(name), strings.TrimSuffix(shown, "."), "has words of its own in every language; describe scopes that are not standard ones")
			continue
		}
		fields := map[string]given{}
		table := []setting[string]{{key: descriptionKey, value: func(s *string) value { return text(s) }}}
		r.mapping(child, keysOf(table), "", shown, fields)
		var description string
		if value, ok := fields[descriptionKey]; ok {
			l.apply(descriptionKey, shown, false, table[0].value(&description), value)
		}
		if description = strings.TrimSpace(description); description == "" || len(description) > maxDescription {
			l.problems.add(r.at(name), shown+descriptionKey, "has to say in at most %d bytes what an app gets by it, such as: Your orders", maxDescription)
		}
		l.config.Scopes[name.Value] = description
	}
}

const (
	descriptionKey = "description"
	maxDescription = 200
)

// ClaimMap is the map of claims as it is configured.
func (c *Config) ClaimMap() claims.Config {
	return claims.Config{Mapping: c.Claims, Rules: c.ClaimRules, EmailVerified: claims.EmailVerified(c.Directus.EmailVerified)}
}

func (l *Loaded) claimsNode() *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	all := map[string]*yaml.Node{}
	for claim, from := range l.Claims {
		all[claim] = plain(from)
	}
	for claim, rule := range l.ClaimRules {
		long := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		for _, s := range ruleSettings() {
			if v := s.value(&rule); len(v.texts()) > 0 && v.texts()[0] != "" {
				long.Content = append(long.Content, plain(s.key), valueNode(v, false))
			}
		}
		if rule.Default != nil {
			shown := &yaml.Node{}
			if shown.Encode(rule.Default) == nil {
				long.Content = append(long.Content, plain(defaultKey), shown)
			}
		}
		all[claim] = long
	}
	for _, claim := range slices.Sorted(maps.Keys(all)) {
		node.Content = append(node.Content, plain(claim), all[claim])
	}
	return node
}

func (l *Loaded) scopesNode() *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, scope := range slices.Sorted(maps.Keys(l.Scopes)) {
		node.Content = append(node.Content, plain(scope), &yaml.Node{
			Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{plain(descriptionKey), plain(l.Scopes[scope])},
		})
	}
	return node
}

// claimsSchema is the JSON Schema of the two trees.
func claimsSchema() (claimMap, scopes map[string]any) {
	rule := object()
	for _, s := range ruleSettings() {
		describe(rule, s)
	}
	rule["properties"].(map[string]any)[defaultKey] = map[string]any{"description": "The value where Directus has none."} //nolint:forcetypeassert // made by object
	claimMap = map[string]any{
		"type": "object", "additionalProperties": map[string]any{"oneOf": []any{map[string]any{"type": []string{"string", "null"}}, rule}},
		"description": "Where each claim comes from: a field of directus_users, a path through relations, a template with fields in braces, or, behind an equals sign, what is the same for everybody; or all that in the long form. Members of address are written address.locality. Environment: " + variable(claimsKey) + " (YAML or JSON).",
	}
	scope := object()
	describe(scope, setting[string]{key: descriptionKey, doc: "What an app gets by it, for the consent screen.", value: func(s *string) value { return text(s) }})
	scopes = map[string]any{
		"type": "object", "additionalProperties": scope,
		"description": "What the consent screen says of scopes that are not standard ones. Environment: " + variable(scopesKey) + " (YAML or JSON).",
	}
	return claimMap, scopes
}
