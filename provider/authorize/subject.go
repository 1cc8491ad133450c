package authorize

import (
	"gatehouse/storage"
)

// wantsSubject says that the client has a particular user in mind.
func wantsSubject(request storage.AuthorizationRequest) bool {
	return request.HintSubject != ""
}

// means says of users, by id, whether the client has them in mind. Whoever
// answers must be one of these.
func (e *Endpoint) means(request storage.AuthorizationRequest, client storage.Client) func(userID string) bool {
	return func(userID string) bool {
		return e.Subjects.Is(client, request.HintSubject, userID)
	}
}
