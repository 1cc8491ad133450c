package authorize

// Prompt is what a person is to be asked.
type Prompt string

// The prompts, each with its screen, and PromptNone when nothing is left to ask.
const (
	PromptNone          Prompt = "none"
	PromptLogin         Prompt = "login"
	PromptSelectAccount Prompt = "select_account"
	PromptConsent       Prompt = "consent"
)

// Screen returns the path of the prompt's screen below the issuer.
func (p Prompt) Screen() string {
	switch p {
	case PromptNone:
		return ""
	case PromptLogin:
		return "/login"
	case PromptSelectAccount:
		return "/select-account"
	case PromptConsent:
		return "/consent"
	}
	return ""
}
