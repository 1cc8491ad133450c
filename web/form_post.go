package web

import (
	"net/http"
	"net/url"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
)

// formPostPage is the data of form_post.html.
type formPostPage struct {
	page
	Host   string
	Action string
	Fields url.Values
}

// FormPost shows a form that sends the parameters to the client, by itself where
// scripts run, else at the press of its button (OAuth 2.0 Form Post Response
// Mode, section 2). An address that is not of the web gets nothing: browsers send
// no form to an app, and ours would come back to us, with the code.
func (web *Web) FormPost(w http.ResponseWriter, r *http.Request, action string, parameters url.Values) {
	if webAddress(action) == "" {
		web.Error(w, r, oauth.NewError(oauth.InvalidRequest, "response_mode form_post needs a redirect_uri of http or https"), authorize.StartAgain{})
		return
	}
	data := formPostPage{page: web.page(r, reader{}), Host: hostOf(action), Action: action, Fields: parameters}
	data.SubmitScript = web.assets.submit
	// The client may want to know where the form came from; the address of this
	// page, which names the request, it must not learn.
	w.Header().Set("Referrer-Policy", "strict-origin")
	web.show(w, r, http.StatusOK, "form_post", data, web.policy(onward(action)))
}
