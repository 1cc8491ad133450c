package authorize

// Prompt is what a person is to be asked.
type Prompt string

// The prompts, each with its screen, and PromptNone when nothing is left to ask.
const (
	PromptNone          Prompt = "none"
	PromptLogin         Prompt = "login"
	PromptSelectAccount Prompt = "select_account"
	PromptConsent       Prompt = "consent"
	// PromptCreate offers to register to somebody who is not signed in
	// (Initiating User Registration via OpenID Connect 1.0).
	PromptCreate Prompt = "create"
	// PromptEnrolOTP asks to set up a one-time password, which the project
	// demands of this user. No client can ask for it.
	PromptEnrolOTP Prompt = "enrol_otp"
	// PromptDenied tells that the client is not open to the user, who may go on as
	// another one. No client can ask for it.
	PromptDenied Prompt = "denied"
)

// screen is what a prompt shows.
type screen struct {
	prompt Prompt
	// path is below the issuer.
	path string
	// asked says that clients may ask for it by the parameter prompt.
	asked bool
}

// screens are all prompts there are.
func screens() []screen {
	return []screen{
		{PromptNone, "", true},
		{PromptLogin, "/login", true},
		{PromptConsent, "/consent", true},
		{PromptSelectAccount, "/select-account", true},
		{PromptCreate, "/register", true},
		{PromptEnrolOTP, "/login/enrol", false},
		{PromptDenied, "/denied", false},
	}
}

// Screen returns the path of the prompt's screen below the issuer.
func (p Prompt) Screen() string {
	for _, s := range screens() {
		if s.prompt == p {
			return s.path
		}
	}
	return ""
}

// Prompts lists the values of prompt, for discovery and for the check. Where
// nobody can register, create is none of them (Initiating User Registration via
// OpenID Connect 1.0, section 4.2).
func Prompts(registration bool) []string {
	var prompts []string
	for _, s := range screens() {
		if s.asked && (s.prompt != PromptCreate || registration) {
			prompts = append(prompts, string(s.prompt))
		}
	}
	return prompts
}
