package directus

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// DiscardPicture takes back what StorePicture kept a moment ago and no profile
// names: id must be of that call. It uses the same token. The errors are those of
// UpdateProfile.
func (c *Client) DiscardPicture(ctx context.Context, access storage.DirectusAccess, id string) error {
	if !isUserID(id) { // a UUID as well
		return storage.ErrNotFound
	}
	token, refused, err := c.changing(access)
	if err != nil {
		return err
	}
	if err := c.deleteFile(ctx, token, id); err != nil {
		return refused(ctx, err)
	}
	return nil
}

// RemovePicture removes a file that was the person's picture, if he stored it
// himself and it is called as StorePicture calls files. Any other stays, and that
// is no error.
//
// It asks with the person's own access alone: people can name any file as their
// picture in Directus, and must not have a stronger token remove it. The errors
// are those of UpdateProfile.
func (c *Client) RemovePicture(ctx context.Context, access storage.DirectusAccess, id string) error {
	if !isUserID(id) {
		return storage.ErrNotFound
	}
	token, err := c.ownToken(access)
	if err != nil {
		return err
	}
	var file struct {
		ID         string `json:"id"`
		UploadedBy string `json:"uploaded_by"`
		Name       string `json:"filename_download"`
	}
	_, err = c.rest.Do(ctx, rest.Request{
		Name: "look at picture", Method: http.MethodGet, Path: "/files/" + id, Token: token,
		Query: url.Values{"fields": {"id,uploaded_by,filename_download"}},
	}, &file)
	if err != nil {
		return ownError(err)
	}
	end, ours := strings.CutPrefix(file.Name, pictureName)
	if !ours || !isPictureEnd(end) || file.ID != id || file.UploadedBy != access.Subject {
		return nil
	}
	if err := c.deleteFile(ctx, token, id); err != nil {
		return ownError(err)
	}
	return nil
}

func isPictureEnd(end string) bool {
	for _, one := range pictureTypes {
		if one == end {
			return true
		}
	}
	return false
}

func (c *Client) deleteFile(ctx context.Context, token storage.Secret, id string) error {
	_, err := c.rest.Do(ctx, rest.Request{Name: "remove picture", Method: http.MethodDelete, Path: "/files/" + id, Token: token}, nil)
	return err
}
