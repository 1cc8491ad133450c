package authorize

import (
	"slices"

	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// stepUp says what is asked of somebody who signed in in another way than the client
// asks for, if anything is. Where the client demands a way (OpenID Connect Core 1.0,
// section 5.5.1.1) the person signs in again, or sets up the one-time password that
// he lacks; what cannot be had is a failed authentication. Where it only wishes for
// one (section 3.1.2.1) somebody with a one-time password is asked for it, once a
// request, and everybody else goes on: the ID token says how he signed in.
func (e *Endpoint) stepUp(request storage.AuthorizationRequest, s storage.Session, user storage.Account) (v verdict, needed bool, err error) {
	fresh := s.AuthenticatedFor == request.ID && request.ID != ""
	demanded := demandedACRs(request)
	switch {
	case len(demanded) > 0 && !slices.Contains(demanded, s.ACR):
		return demandStepUp(demanded, s, user, fresh)
	case fresh, silent(request), !user.HasOTP, external(user), !wishesOTP(request, s.ACR):
		return verdict{}, false, nil
	}
	v = ask(PromptLogin, oauth.LoginRequired, "a one-time password is wished for")
	v.stepUp = true
	return v, true, nil
}

func demandStepUp(demanded []string, s storage.Session, user storage.Account, fresh bool) (verdict, bool, error) {
	otp := slices.Contains(demanded, session.ACROTP)
	switch {
	case otp && !user.HasOTP && !external(user):
		v := ask(PromptEnrolOTP, oauth.UnmetAuthenticationRequirements, "a one-time password is demanded, and the user has none")
		v.session, v.account, v.stepUp = s, user, true
		return v, true, nil
	case fresh:
		// The person has just signed in, as well as he can.
		return verdict{}, true, unmet()
	}
	v := ask(PromptLogin, oauth.LoginRequired, "the sign-in was not made in the way that is demanded")
	v.stepUp = otp && !external(user)
	return v, true, nil
}

// wishesOTP says that a one-time password comes before how the person signed in, in
// the order of what the client wishes for.
func wishesOTP(request storage.AuthorizationRequest, acr string) bool {
	for _, value := range append(slices.Clone(request.ACRValues), request.Claims.IDToken["acr"].Texts()...) {
		switch value {
		case acr:
			return false
		case session.ACROTP:
			return true
		}
	}
	return false
}

// external says that the user signs in elsewhere, where the one-time password of
// Directus is not asked for.
func external(user storage.Account) bool {
	return user.Provider != "" && user.Provider != storage.DefaultProvider
}

// silent says that the client wants nobody asked.
func silent(request storage.AuthorizationRequest) bool {
	return slices.Contains(request.Prompts, string(PromptNone))
}
