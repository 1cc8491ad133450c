package config

import (
	"slices"

	"gatehouse/provider/clients"
	"gatehouse/storage"
	"gatehouse/storage/directus"
)

const (
	clientsCollectionKey = "clients_collection"
	sourceKey            = "source"
)

// Where the metadata of a client stands.
const (
	sourceConfiguration = "configuration"
	sourceDirectus      = "directus"
)

func clientsCollectionSettings() []setting[Config] {
	return []setting[Config]{{
		key: clientsCollectionKey, doc: "Collection of Directus in which clients stand besides those here, as made by gatehouse setup --clients-collection; empty for none. See clients-in-directus.md: whoever may change its rows decides who gets the tokens of people.",
		value: func(c *Config) value { return text(&c.ClientsCollection) },
	}}
}

func sourceSetting() setting[clientEntry] {
	return setting[clientEntry]{
		key: sourceKey, doc: "configuration (default), or directus: the client stands in clients_collection, and this entry holds only its client_id and what no row may set.",
		value: func(e *clientEntry) value { return choice(&e.source, sourceConfiguration, sourceDirectus) },
	}
}

func (l *loader) checkClientsCollection() {
	name := l.config.ClientsCollection
	if name != "" && !directus.IsCollection(name) {
		l.refuse(clientsCollectionKey, "%q is not the name of a collection of your own; write letters, digits and underscores, such as gatehouse_clients", name)
	}
	if name == "" && len(l.config.ClientRights) > 0 {
		l.refuse(clientsKey, "client %q has source: directus, which means nothing without %s", l.config.ClientRights[0].ID, clientsCollectionKey)
	}
}

// clientRights reads an entry that only adds to a row of Directus.
func (l *loader) clientRights(entry clientEntry, given []string, shown string, at func(key string) Origin, readable bool) {
	rows := clients.Columns()
	slices.Sort(given)
	for _, key := range given {
		if key != clientIDKey && (slices.Contains(rows, key) || key == "client_secret") {
			l.problems.add(at(key), shown+key, "stands in Directus for a client with source: directus; remove it here")
			readable = false
		}
	}
	if readable {
		for _, field := range clients.Fields(clients.Validate(withRow(entry.Client), l.config.ClientRules(l.options.Rules))) {
			l.problems.add(at(field.Field), shown+field.Field, "%s", field.Problem)
		}
	}
	l.config.ClientRights = append(l.config.ClientRights, entry.Client)
}

// withRow adds what a row may hold that nothing is wrong with, so that what is wrong
// with the rest comes out before there is a row.
func withRow(client storage.Client) storage.Client {
	client.RedirectURIs = []string{"https://app.example/callback"}
	client.SecretDigests = []storage.SecretDigest{{SHA256: make([]byte, 32)}}
	if client.DirectusExchange != "" {
		client.GrantTypes = []string{"authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"}
	}
	return clients.WithDefaults(client)
}
