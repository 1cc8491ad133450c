package directustest

import (
	"net/http"
	"slices"
)

// Project are the settings that /server/info shows to anybody.
type Project struct {
	Name, Descriptor, Color, Note, Language, Appearance string
	// Logo, Favicon, Background and Foreground are ids of files.
	Logo, Favicon, Background, Foreground string
}

// SetProject sets the project's settings.
func (s *Server) SetProject(settings Project) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.project = settings
}

// names says whether a setting names a file.
func (p Project) names(id string) bool {
	return id != "" && slices.Contains([]string{p.Logo, p.Favicon, p.Background, p.Foreground}, id)
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request, who caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	settings := s.project
	var background any
	if found, ok := s.files[settings.Background]; ok {
		background = map[string]any{"id": settings.Background, "type": found.ContentType}
	}
	data := map[string]any{
		"project": map[string]any{
			"project_name": settings.Name, "project_descriptor": orNull(settings.Descriptor),
			"project_color": orNull(settings.Color), "project_logo": orNull(settings.Logo),
			"public_favicon": orNull(settings.Favicon), "public_foreground": orNull(settings.Foreground),
			"public_background": background, "public_note": orNull(settings.Note),
			"default_language": orNull(settings.Language), "default_appearance": orNull(settings.Appearance),
			"public_registration":              s.registration.Open,
			"public_registration_verify_email": s.registration.VerifiesEmail || !s.registration.Open,
		},
		"license": map[string]any{"source": nil},
	}
	if who != stranger && who != person {
		data["version"] = "12.4.0"
	}
	answer(w, data)
}
