package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

const (
	clientIDKey = "client_id"
	jwksKey     = "jwks"
)

// clients reads the list of clients.
func (l *loader) clients(g given) {
	r := l.reader(g)
	if g.node.Kind != yaml.SequenceNode {
		l.problems.add(g.origin, clientsKey, "is %s; write a list of clients, each beginning with - client_id:", kindOf(g.node))
		return
	}
	table := clientSettings()
	k := keysOf(table, clientTrees()...)
	places := map[string]Origin{}
	for i, item := range g.node.Content {
		shown := fmt.Sprintf("%s[%d].", clientsKey, i)
		fields := map[string]given{}
		before := len(*l.problems)
		r.mapping(item, k, "", shown, fields)
		var entry clientEntry
		for _, s := range table {
			if value, ok := fields[s.key]; ok {
				l.apply(s.key, shown, s.secret, s.value(&entry), value)
			}
		}
		for _, key := range clientTrees() {
			if tree, ok := fields[key]; ok {
				l.clientTree(r, &entry, shown, key, tree)
			}
		}
		l.emptyAllow(r, item, shown, fields)
		at := func(key string) Origin {
			if field, ok := fields[key]; ok {
				return field.origin
			}
			return r.at(item)
		}
		readable := len(*l.problems) == before
		if entry.source == sourceDirectus {
			l.clientRights(entry, slices.Collect(maps.Keys(fields)), shown, at, readable)
		} else {
			l.client(entry, shown, at, readable)
		}
		if first, twice := places[entry.ID]; twice && entry.ID != "" {
			l.problems.add(at(clientIDKey), shown+clientIDKey, "%q is also the client at %s; every client has an id of its own", entry.ID, first)
		}
		places[entry.ID] = at(clientIDKey)
	}
}

// client checks an entry against the rules that hold for all clients. An entry
// that could not even be read is not checked further: what is missing may be
// what is misspelt.
func (l *loader) client(entry clientEntry, shown string, at func(key string) Origin, readable bool) {
	if entry.secret != "" {
		if len(entry.secret) < clients.MinSecretLength {
			l.problems.add(at("client_secret"), shown+"client_secret", "has fewer than %d characters; make one with: openssl rand -base64 32", clients.MinSecretLength)
		}
		entry.SecretDigests = []storage.SecretDigest{clients.KeepSecret(entry.Client, entry.secret)}
	}
	client := clients.WithDefaults(entry.Client)
	if readable {
		for _, field := range clients.Fields(clients.Validate(client, l.config.ClientRules(l.options.Rules))) {
			l.problems.add(at(field.Field), shown+field.Field, "%s", field.Problem)
		}
	}
	l.config.Clients = append(l.config.Clients, client)
	l.secretGiven = append(l.secretGiven, entry.secret != "")
}

// jwks accepts the key set as YAML or as a string of JSON.
func (l *loader) jwks(r reader, shown string, g given) json.RawMessage {
	if g.node.Kind == yaml.ScalarNode {
		if !json.Valid([]byte(g.node.Value)) {
			l.problems.add(r.at(g.node), shown+jwksKey, "is not JSON; write the key set as JSON or as YAML")
		}
		return json.RawMessage(g.node.Value)
	}
	var decoded map[string]any
	if holdsAlias(g.node) || g.node.Decode(&decoded) != nil {
		l.problems.add(r.at(g.node), shown+jwksKey, "is not a JSON Web Key Set (RFC 7517, section 5)")
		return nil
	}
	raw, err := json.Marshal(decoded)
	if err != nil {
		l.problems.add(r.at(g.node), shown+jwksKey, "cannot be written as JSON")
	}
	return raw
}

func holdsAlias(node *yaml.Node) bool {
	return node.Kind == yaml.AliasNode || slices.ContainsFunc(node.Content, holdsAlias)
}
