package main

import (
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
)

// ours are the services that run this binary.
func ours() []string { return []string{"gatehouse", "setup"} }

func loadCompose(t *testing.T) *types.Project {
	t.Helper()
	content, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: "../..", Environment: types.Mapping{},
		ConfigFiles: []types.ConfigFile{{Filename: "docker-compose.yml", Content: content}},
	}, func(options *loader.Options) { options.SetProjectName("gatehouse", true) })
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeHasEveryService(t *testing.T) {
	project := loadCompose(t)
	want := []string{"database", "directus", "gatehouse", "mail", "nextjs", "redis", "setup"}
	if got := slices.Sorted(maps.Keys(project.Services)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := project.Services["directus"].Image; got != "directus/directus:12.4.0" {
		t.Errorf("Directus is %s", got)
	}
	if got := project.Services["nextjs"].NetworkMode; got != "service:gatehouse" {
		t.Errorf("the example's network is %s: browser and server would see two issuers", got)
	}
	if got := strings.Join(project.Services["redis"].Command, " "); !strings.Contains(got, "--appendonly yes") || !strings.Contains(got, "noeviction") {
		t.Errorf("Redis would lose records: %s", got)
	}
}

func TestComposePinsImagesAndChecksHealth(t *testing.T) {
	pinned := regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+[a-z0-9.-]*$`)
	for name, service := range loadCompose(t).Services {
		if !pinned.MatchString(service.Image) {
			t.Errorf("%s: the image %q is not pinned", name, service.Image)
		}
		if name != "setup" && (service.HealthCheck == nil || service.HealthCheck.Disable || len(service.HealthCheck.Test) == 0) {
			t.Errorf("%s has no health check", name)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s beyond this machine", name, port.Published)
			}
		}
	}
}

func TestComposeVariablesAreKnown(t *testing.T) {
	project := loadCompose(t)
	example, err := os.ReadFile("../../examples/nextjs/.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range project.Services {
		for variable := range service.Environment {
			if !strings.HasPrefix(variable, "GATEHOUSE_") {
				continue
			}
			if slices.Contains(ours(), name) && !slices.Contains(config.Variables(), variable) {
				t.Errorf("%s: Gatehouse has no %s", name, variable)
			}
			if name == "nextjs" && !strings.Contains(string(example), variable+"=") {
				t.Errorf("%s: the example has no %s", name, variable)
			}
		}
	}
}

// What the containers are told is a configuration that the loader takes.
func TestComposeConfigurationIsValid(t *testing.T) {
	project := loadCompose(t)
	for _, name := range ours() {
		loaded, err := config.Load(config.Options{Environment: environmentOf(project.Services[name]), Rules: provider.ClientRules(), WithoutToken: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		issuer := project.Services["nextjs"].Environment["GATEHOUSE_ISSUER"]
		if issuer == nil || loaded.Issuer != *issuer {
			t.Errorf("%s: the issuer %s is not the example's", name, loaded.Issuer)
		}
		if len(loaded.Clients) != 1 || loaded.Clients[0].ID != *project.Services["nextjs"].Environment["GATEHOUSE_CLIENT_ID"] {
			t.Errorf("%s: the example is not its client: %v", name, loaded.Clients)
		}
	}
}

func TestComposeAllowListsAreOurPages(t *testing.T) {
	project := loadCompose(t)
	loaded, err := config.Load(config.Options{Environment: environmentOf(project.Services["gatehouse"]), Rules: provider.ClientRules(), WithoutToken: true})
	if err != nil {
		t.Fatal(err)
	}
	pages := pagesOf(loaded)
	for variable, want := range map[string]string{
		"PASSWORD_RESET_URL_ALLOW_LIST": pages.reset, "USER_REGISTER_URL_ALLOW_LIST": pages.verify, "USER_INVITE_URL_ALLOW_LIST": pages.invite,
		"IP_TRUST_PROXY": project.Services["gatehouse"].Networks["default"].Ipv4Address,
	} {
		if got := project.Services["directus"].Environment[variable]; got == nil || *got != want {
			t.Errorf("%s is not %s", variable, want)
		}
	}
}

// The mails' templates are the example's, with the issuer of this configuration.
func TestComposeMailsLeadToOurPages(t *testing.T) {
	project := loadCompose(t)
	directus := project.Services["directus"]
	folder := *directus.Environment["EMAIL_TEMPLATES_PATH"]
	if !slices.ContainsFunc(directus.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Target == folder && v.ReadOnly && strings.HasSuffix(v.Source, "examples/directus-templates")
	}) {
		t.Errorf("the example's templates are not at %s", folder)
	}
	issuer := project.Services["nextjs"].Environment["GATEHOUSE_ISSUER"]
	if len(directus.Configs) != 1 || directus.Configs[0].Target != folder+"/gatehouse-issuer.liquid" || project.Configs["issuer"].Content != *issuer {
		t.Errorf("the templates do not lead to %s", *issuer)
	}
}

// Each command is one that the binary has, with flags that it has.
func TestComposeCommandsExist(t *testing.T) {
	project := loadCompose(t)
	for _, name := range ours() {
		service := project.Services[name]
		for _, arguments := range [][]string{service.Command, healthCommand(service)} {
			if len(arguments) == 0 {
				continue
			}
			root := (&app{stdout: io.Discard, stderr: io.Discard}).command()
			command, rest, err := root.Find(arguments)
			if err != nil || command == root {
				t.Errorf("%s: no command %v: %v", name, arguments, err)
				continue
			}
			if err := command.ParseFlags(rest); err != nil {
				t.Errorf("%s: %v: %v", name, arguments, err)
			}
		}
	}
}

func healthCommand(service types.ServiceConfig) []string {
	if service.HealthCheck == nil || len(service.HealthCheck.Test) < 2 {
		return nil
	}
	return service.HealthCheck.Test[2:]
}

func environmentOf(service types.ServiceConfig) []string {
	var all []string
	for variable, value := range service.Environment {
		if value != nil {
			all = append(all, variable+"="+*value)
		}
	}
	return all
}

func TestImageIsSmallAndUnprivileged(t *testing.T) {
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	dockerfile := string(content)
	for _, line := range []string{"FROM scratch", "USER 65532:65532", `"/gatehouse", "healthcheck"`, "CGO_ENABLED=0", `CMD ["serve"]`} {
		if !strings.Contains(dockerfile, line) {
			t.Errorf("no %s", line)
		}
	}
	for _, variable := range regexp.MustCompile(`GATEHOUSE_\w+`).FindAllString(dockerfile, -1) {
		if !slices.Contains(config.Variables(), variable) {
			t.Errorf("Gatehouse has no %s", variable)
		}
	}
}
