package providertest

import (
	"net/url"

	"golang.org/x/net/html"
)

// filled is what a form sends as the page shows it.
func filled(form *html.Node) url.Values {
	values := url.Values{}
	each(form, func(n *html.Node) {
		name := attribute(n, "name")
		if name == "" || has(n, "disabled") {
			return
		}
		switch n.Data {
		case "input":
			kind := attribute(n, "type")
			chosen := kind != "checkbox" && kind != "radio" || has(n, "checked")
			if chosen && kind != "submit" && kind != "file" {
				values.Set(name, attribute(n, "value"))
			}
		case "select":
			if option := selected(n); option != nil {
				values.Set(name, attribute(option, "value"))
			}
		case "textarea":
			values.Set(name, text(n))
		}
	})
	return values
}

// selected is the chosen option of a list, the first if none is.
func selected(list *html.Node) *html.Node {
	if chosen := find(list, func(n *html.Node) bool { return n.Data == "option" && has(n, "selected") }); chosen != nil {
		return chosen
	}
	return find(list, func(n *html.Node) bool { return n.Data == "option" })
}
