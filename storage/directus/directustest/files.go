package directustest

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"gatehouse/storage"
)

// AllowOwnFiles lets every user store files and see all of them.
func (s *Server) AllowOwnFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ownFiles = true
}

// AllowServiceFiles lets the service token read every file.
func (s *Server) AllowServiceFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serviceFiles = true
}

// AllowFileRemoval lets every user remove files.
func (s *Server) AllowFileRemoval() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fileRemoval = true
}

// SetUpload says who stored a file, and what it is called.
func (s *Server) SetUpload(id, by, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads[id] = upload{by: by, name: name}
}

// upload is what Directus knows of a file besides its content.
type upload struct{ by, name string }

// PresetsOnly shows files in the sizes of presets alone
// (storage_asset_transform).
func (s *Server) PresetsOnly() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.presetsOnly = true
}

// AddFile keeps a file. It is shown as it was stored, in whatever size it is
// asked for, and to anybody if a setting of the project names it.
func (s *Server) AddFile(file storage.Picture) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = randomUUID()
	s.files[id] = file
	return id
}

// File returns a file.
func (s *Server) File(id string) (storage.Picture, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file, found := s.files[id]
	return file, found
}

// maxUpload is more than anybody sends.
const maxUpload = 32 << 20

// storeFile takes a form whose columns come before the file.
func (s *Server) storeFile(w http.ResponseWriter, r *http.Request, who caller) {
	s.mu.Lock()
	allowed := who == administrator || who == writer || who == person && s.ownFiles
	s.mu.Unlock()
	if !allowed {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	id, form := randomUUID(), multipart.NewReader(io.LimitReader(r.Body, maxUpload), parameters["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil { // there was no file
			refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
			return
		}
		content, err := io.ReadAll(part)
		if err != nil {
			refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
			return
		}
		if part.FormName() == "id" {
			id = string(content)
		}
		if part.FileName() == "" {
			continue
		}
		s.mu.Lock()
		s.uploads[id] = upload{by: s.whose(r), name: part.FileName()}
		s.files[id] = storage.Picture{ContentType: part.Header.Get("Content-Type"), Body: content}
		s.mu.Unlock()
		answer(w, map[string]any{"id": id})
		return
	}
}

func (s *Server) showFile(w http.ResponseWriter, r *http.Request, who caller) {
	s.mu.Lock()
	allowed := who == administrator || who == writer || who == person && s.ownFiles || who == service && s.serviceFiles || s.project.names(r.PathValue("id"))
	file, found := s.files[r.PathValue("id")]
	presetsOnly := s.presetsOnly
	s.mu.Unlock()
	query := r.URL.Query()
	switch {
	case presetsOnly && len(query) > 0 && (len(query) > 1 || !strings.HasPrefix(query.Get("key"), "system-")):
		refuse(w, http.StatusBadRequest, "INVALID_QUERY")
	case !allowed, !found:
		refuse(w, http.StatusForbidden, "FORBIDDEN")
	default:
		w.Header().Set("Content-Type", file.ContentType)
		_, _ = w.Write(file.Body) // the client may be gone
	}
}

// fileRow tells of a file whoever may read files.
func (s *Server) fileRow(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.files[id]; !found || who != administrator && (who != person || !s.ownFiles) {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	answer(w, map[string]any{"id": id, "uploaded_by": s.uploads[id].by, "filename_download": s.uploads[id].name})
}

func (s *Server) removeFile(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.files[id]; !found || who != administrator && who != writer && (who != person || !s.fileRemoval) {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	delete(s.files, id)
	w.WriteHeader(http.StatusNoContent)
}

// whose is the id of the user who calls, empty for tokens that are nobody's. It
// needs the lock.
func (s *Server) whose(r *http.Request) string {
	if session := s.accesses[bearer(r)]; session != nil {
		return session.user
	}
	return ""
}
