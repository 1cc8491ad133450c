package config

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"gatehouse/provider/allow"
	"gatehouse/storage"
)

const (
	allowFilterKey = "allow.filter"
	scopeRolesKey  = "scope_roles"
)

// clientTrees are the keys of a client that are no lists of plain values.
func clientTrees() []string { return []string{jwksKey, allowFilterKey, scopeRolesKey} }

func clientAllowSettings(field func(key, doc string, bind func(*storage.Client) value) setting[clientEntry]) []setting[clientEntry] {
	return []setting[clientEntry]{
		field("allow.roles", "Roles of Directus, by id or name, of which a user must have one, himself or above his own, to use the client. Left out, everybody may. See access.md.", func(c *storage.Client) value { return texts(&c.Allow.Roles) }),
		field("allow.policies", "Policies of Directus 11 and later, by id or name, of which one must hold for the user.", func(c *storage.Client) value { return texts(&c.Allow.Policies) }),
	}
}

// clientTree reads one of clientTrees into the entry.
func (l *loader) clientTree(r reader, entry *clientEntry, shown, key string, g given) {
	switch key {
	case jwksKey:
		entry.JWKS = l.jwks(r, shown, g)
	case allowFilterKey:
		entry.Allow.Filter = l.filter(r, shown, g)
	case scopeRolesKey:
		entry.ScopeRoles = l.scopeRoles(r, shown, g)
	}
}

// emptyAllow refuses a rule without anything in it: it would let everybody in where
// somebody was about to say who may.
func (l *loader) emptyAllow(r reader, item *yaml.Node, shown string, fields map[string]given) {
	const words = "is empty, which lets everybody in; say who may, or remove the key"
	for _, key := range []string{"allow.roles", "allow.policies"} {
		if g, ok := fields[key]; ok && len(g.texts) == 0 {
			l.problems.add(g.origin, shown+key, words)
		}
	}
	for i := 0; i+1 < len(item.Content); i += 2 {
		name, child := item.Content[i], item.Content[i+1]
		if name.Value == "allow" && (isNull(child) || child.Kind == yaml.MappingNode && len(child.Content) == 0) {
			l.problems.add(r.at(name), shown+"allow", words)
		}
	}
}

// filter accepts a filter of Directus as YAML or as a string of JSON.
func (l *loader) filter(r reader, shown string, g given) json.RawMessage {
	raw := json.RawMessage(g.node.Value)
	if g.node.Kind != yaml.ScalarNode {
		tree, err := plainTree(g.node)
		if err == nil {
			raw, err = json.Marshal(tree)
		}
		if err != nil {
			l.problems.add(r.at(g.node), shown+allowFilterKey, "%s", err)
			return nil
		}
	}
	checked, err := allow.CheckFilter(raw)
	if err != nil {
		l.problems.add(r.at(g.node), shown+allowFilterKey, "%s", err)
	}
	return checked
}

// plainTree is what YAML says as JSON would. Dates stay the texts that they are
// written as, which is what Directus takes.
func plainTree(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			name, child := node.Content[i], node.Content[i+1]
			if _, twice := object[name.Value]; twice || name.Kind != yaml.ScalarNode {
				return nil, errors.New("names something twice, or by no plain word; put several of a kind into a list behind _and")
			}
			value, err := plainTree(child)
			if err != nil {
				return nil, err
			}
			object[name.Value] = value
		}
		return object, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, child := range node.Content {
			value, err := plainTree(child)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.ScalarNode:
		return plainScalar(node)
	case yaml.AliasNode, yaml.DocumentNode:
	}
	return nil, errors.New("holds " + kindOf(node))
}

func plainScalar(node *yaml.Node) (any, error) {
	switch node.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strconv.ParseBool(node.Value)
	case "!!int", "!!float":
		if !json.Valid([]byte(node.Value)) {
			return nil, errors.New(node.Value + " is no number in JSON; put it into quotes if it is a text")
		}
		return json.Number(node.Value), nil
	}
	return node.Value, nil
}

// scopeRoles reads scopes, each with a role or a list of them.
func (l *loader) scopeRoles(r reader, shown string, g given) map[string][]string {
	if g.node.Kind != yaml.MappingNode {
		l.problems.add(r.at(g.node), shown+scopeRolesKey, "is %s; write a mapping of scopes to lists of roles", kindOf(g.node))
		return nil
	}
	roles := map[string][]string{}
	for i := 0; i+1 < len(g.node.Content); i += 2 {
		name, child := g.node.Content[i], g.node.Content[i+1]
		key := shown + scopeRolesKey + "." + name.Value
		if _, twice := roles[name.Value]; twice {
			l.problems.add(r.at(name), key, "stands there twice; keep one")
			continue
		}
		// An empty list would keep the scope from everybody: clients.Validate says so.
		roles[name.Value], _ = r.values(child, key, true)
	}
	return roles
}

// allowNodes are the trees of a client as they are shown.
func allowNodes(client storage.Client) []*yaml.Node {
	var nodes []*yaml.Node
	if len(client.Allow.Filter) > 0 {
		nodes = append(nodes, plain(allowFilterKey), plain(string(client.Allow.Filter)))
	}
	if len(client.ScopeRoles) == 0 {
		return nodes
	}
	scopes := &yaml.Node{Kind: yaml.MappingNode}
	for _, scope := range slices.Sorted(maps.Keys(client.ScopeRoles)) {
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, role := range client.ScopeRoles[scope] {
			list.Content = append(list.Content, plain(role))
		}
		scopes.Content = append(scopes.Content, plain(scope), list)
	}
	return append(nodes, plain(scopeRolesKey), scopes)
}
