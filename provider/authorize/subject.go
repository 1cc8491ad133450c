package authorize

import (
	"slices"

	"gatehouse/storage"
)

// wantsSubject says that the client has a particular user in mind.
func wantsSubject(request storage.AuthorizationRequest) bool {
	return len(wantedSubjects(request)) > 0
}

// wantedSubjects are the subs that the client named: the user must be one of each
// list. They come from id_token_hint and from the claim sub with a value (OpenID
// Connect Core 1.0, sections 3.1.2.1 and 5.5.1).
func wantedSubjects(request storage.AuthorizationRequest) [][]string {
	var lists [][]string
	if request.HintSubject != "" {
		lists = append(lists, []string{request.HintSubject})
	}
	for _, claims := range []map[string]storage.ClaimRequest{request.Claims.UserInfo, request.Claims.IDToken} {
		if subs := claims["sub"].Texts(); len(subs) > 0 {
			lists = append(lists, subs)
		}
	}
	return lists
}

// means says of users, by id, whether the client has them in mind. Nobody else
// may answer.
func (e *Endpoint) means(request storage.AuthorizationRequest, client storage.Client) func(userID string) bool {
	lists := wantedSubjects(request)
	return func(userID string) bool {
		for _, subs := range lists {
			if !slices.ContainsFunc(subs, func(sub string) bool { return e.Subjects.Is(client, sub, userID) }) {
				return false
			}
		}
		return true
	}
}
