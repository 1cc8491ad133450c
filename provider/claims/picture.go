package claims

// avatarField is where Directus keeps the picture of a user.
const avatarField = "avatar"

// withPicture makes the claim picture of the avatar, where pictures are shown and
// the rules say nothing else.
func withPicture(rules map[string]Rule, show func(file string) string) {
	if _, ruled := rules["picture"]; !ruled && show != nil {
		rules["picture"] = Rule{From: avatarField}
	}
}

// pictureURL is where the picture of a claim is shown: the id of a file says nothing
// to apps. What comes from elsewhere than the avatar is released as it is.
func (r *Releaser) pictureURL(c claim, value any) any {
	file, ok := value.(string)
	if !ok || r.picture == nil || c.From != avatarField {
		return value
	}
	if address := r.picture(file); address != "" {
		return address
	}
	return nil
}
