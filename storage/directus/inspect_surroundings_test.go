package directus_test

import (
	"maps"
	"net/http"
	"testing"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// proxy stands between Gatehouse and Directus and puts headers on answers.
type proxy map[string]http.Header

func (p proxy) RoundTrip(request *http.Request) (*http.Response, error) {
	asked := request.Method + " " + request.URL.Path
	if header := p[asked]; asked == "GET /users" && header != nil { // which the fake has not
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody, Request: request}, nil
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil {
		maps.Copy(response.Header, p[asked])
	}
	return response, err
}

// What Directus says of its own cache is tested on a real one in e2e/doctor;
// a cache between is none of its doing.
func TestInspectCaches(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		proxy proxy
		want  directus.Caches
	}{
		"nothing is known of users": {nil, directus.Caches{Between: directus.No}},
		"nothing is kept": {
			proxy{"GET /users": {"Cache-Control": {"no-cache"}}}, directus.Caches{OfDirectus: directus.No, Between: directus.No},
		},
		"Directus keeps": {
			proxy{"GET /users": {"Cache-Control": {"private, max-age=300"}}}, directus.Caches{OfDirectus: directus.Yes, Between: directus.No},
		},
		"a proxy keeps": {
			proxy{"GET /users": {"Cache-Control": {"no-cache"}}, "SEARCH /users": {"Age": {"0"}}},
			directus.Caches{OfDirectus: directus.No, Between: directus.Yes},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *directus.Config) { c.Transport = test.proxy })
			if got := b.client.Inspect(t.Context()).Caches; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestInspectLicense(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []directustest.Fault
		want   directus.License
	}{
		"nothing is shown": {nil, directus.License{}},
		"no such collection": {
			[]directustest.Fault{{Path: "/items/gatehouse_doctor", Status: 403, Code: "FORBIDDEN"}}, directus.License{},
		},
		"locked": {
			[]directustest.Fault{{Path: "/items/gatehouse_doctor", Status: 403, Code: "RESOURCE_RESTRICTED"}}, directus.License{Status: "locked"},
		},
		"shown": {
			[]directustest.Fault{{Path: "/license", Body: `{"data":{"name":"Core","status":"grace"}}`}}, directus.License{Name: "Core", Status: "grace"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for _, fault := range test.faults {
				b.fake.Inject(fault)
			}
			found := b.client.Inspect(t.Context())
			if found.License != test.want || found.Problem != nil {
				t.Errorf("got %+v, %v; want %+v", found.License, found.Problem, test.want)
			}
		})
	}
}
