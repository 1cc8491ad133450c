package config

import (
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Show writes the effective configuration as YAML, each value with its origin.
// Secrets are redacted. What has neither value nor default is left out.
func (l *Loaded) Show(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range settings() {
		v := s.value(&l.Config)
		origin, set := l.origins[s.key]
		if texts := v.texts(); set || len(texts) > 0 && texts[0] != "" {
			comment := origin.String()
			if !set {
				comment = "implied by the issuer"
			}
			put(root, s.key, valueNode(v, s.secret), comment)
		}
	}
	put(root, claimsKey, l.claimsNode(), l.origins[claimsKey].String())
	if len(l.Scopes) > 0 {
		put(root, scopesKey, l.scopesNode(), l.origins[scopesKey].String())
	}
	if len(l.Clients)+len(l.ClientRights) > 0 {
		put(root, clientsKey, l.clientsNode(), l.origins[clientsKey].String())
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return fmt.Errorf("show configuration: %w", err)
	}
	return encoder.Close()
}

func (l *Loaded) clientsNode() *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for i, client := range l.Clients {
		node := clientNode(clientEntry{Client: client}, l.secretGiven[i])
		if len(client.JWKS) > 0 {
			node.Content = append(node.Content, plain(jwksKey), plain(string(client.JWKS)))
		}
		list.Content = append(list.Content, node)
	}
	for _, client := range l.ClientRights {
		list.Content = append(list.Content, clientNode(clientEntry{Client: client, source: sourceDirectus}, false))
	}
	return list
}

func clientNode(entry clientEntry, secretGiven bool) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, s := range clientSettings() {
		v := s.value(&entry)
		texts := v.texts()
		shown := len(texts) > 0 && texts[0] != "" && texts[0] != "false"
		if shown = shown && !s.secret || s.secret && secretGiven; shown {
			node.Content = append(node.Content, plain(s.key), valueNode(v, s.secret))
		}
	}
	node.Content = append(node.Content, allowNodes(entry.Client)...)
	return node
}

// put sets a dotted key, making the mappings on its way.
func put(root *yaml.Node, key string, child *yaml.Node, comment string) {
	first, rest, nested := strings.Cut(key, ".")
	name := plain(first)
	if !nested {
		// A comment on a list or mapping stands behind its key.
		if child.Kind == yaml.ScalarNode || child.Style == yaml.FlowStyle {
			child.LineComment = comment
		} else {
			name.LineComment = comment
		}
		root.Content = append(root.Content, name, child)
		return
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == first {
			put(root.Content[i+1], rest, child, comment)
			return
		}
	}
	section := &yaml.Node{Kind: yaml.MappingNode}
	root.Content = append(root.Content, name, section)
	put(section, rest, child, comment)
}

func valueNode(v value, secret bool) *yaml.Node {
	texts := v.texts()
	if secret {
		texts = redactedTexts(len(texts))
	}
	if !v.list {
		node := plain(texts[0])
		if v.schema["type"] != "string" {
			node.Tag = ""
		}
		return node
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range texts {
		list.Content = append(list.Content, plain(text))
	}
	return list
}

func plain(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
