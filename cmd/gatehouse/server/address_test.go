package server_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"gatehouse/cmd/gatehouse/server"
)

func TestClientAddress(t *testing.T) {
	proxies := server.Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, test := range map[string]struct {
		remote  string
		headers []string
		want    string
	}{
		"no proxy":                            {remote: "192.0.2.1:1234", want: "192.0.2.1"},
		"forged header of a stranger":         {remote: "192.0.2.1:1234", headers: []string{"198.51.100.7"}, want: "192.0.2.1"},
		"one proxy":                           {remote: "10.0.0.1:1234", headers: []string{"192.0.2.1"}, want: "192.0.2.1"},
		"two proxies":                         {remote: "10.0.0.1:1234", headers: []string{"192.0.2.1, 10.0.0.2"}, want: "192.0.2.1"},
		"header forged in front of the proxy": {remote: "10.0.0.1:1234", headers: []string{"198.51.100.7, 192.0.2.1"}, want: "192.0.2.1"},
		"trusted address forged in front":     {remote: "10.0.0.1:1234", headers: []string{"198.51.100.7, 10.9.9.9, 192.0.2.1"}, want: "192.0.2.1"},
		"several headers are one list":        {remote: "10.0.0.1:1234", headers: []string{"198.51.100.7", "192.0.2.1"}, want: "192.0.2.1"},
		"nothing but proxies":                 {remote: "10.0.0.1:1234", headers: []string{"10.0.0.3, 10.0.0.2"}, want: "10.0.0.3"},
		"no header from the proxy":            {remote: "10.0.0.1:1234", want: "10.0.0.1"},
		"nonsense from the proxy":             {remote: "10.0.0.1:1234", headers: []string{"192.0.2.1, unknown"}, want: "10.0.0.1"},
		"empty hop":                           {remote: "10.0.0.1:1234", headers: []string{"192.0.2.1,"}, want: "10.0.0.1"},
		"hop with port":                       {remote: "10.0.0.1:1234", headers: []string{"192.0.2.1:5678"}, want: "192.0.2.1"},
		"IPv6":                                {remote: "[fd00::1]:1234", headers: []string{"2001:db8::7"}, want: "2001:db8::7"},
		"IPv6 hop with port":                  {remote: "[fd00::1]:1234", headers: []string{"[2001:db8::7]:443"}, want: "2001:db8::7"},
		"IPv6 stranger":                       {remote: "[2001:db8::9]:1234", headers: []string{"192.0.2.1"}, want: "2001:db8::9"},
		"IPv4 in IPv6":                        {remote: "[::ffff:10.0.0.1]:1234", headers: []string{"::ffff:192.0.2.1"}, want: "192.0.2.1"},
		"zone":                                {remote: "[fe80::1%eth0]:1234", want: "fe80::1"},
		"no address at all":                   {remote: "@", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			r.RemoteAddr = test.remote
			for _, header := range test.headers {
				r.Header.Add("X-Forwarded-For", header)
			}
			if got := proxies.ClientAddress(r); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
