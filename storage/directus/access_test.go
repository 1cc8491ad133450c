package directus_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// hierarchy is ada, a clerk below staff below everybody, and policies of each.
func hierarchy(t *testing.T, b *bench) (account storage.Account, clerk, staff, everybody string) {
	t.Helper()
	everybody = b.fake.AddRole(directustest.Role{Name: "Everybody"})
	staff = b.fake.AddRole(directustest.Role{Name: "Staff", Parent: everybody})
	clerk = b.fake.AddRole(directustest.Role{Name: "Clerk", Parent: staff})
	id := b.addAda(func(u *directustest.User) { u.Fields = map[string]any{"role": clerk} })
	b.fake.AddPolicy(directustest.Policy{ID: "p-own", Name: "Beta", Holders: []string{id}})
	b.fake.AddPolicy(directustest.Policy{ID: "p-role", Name: "Orders", App: true, Holders: []string{clerk, id}})
	b.fake.AddPolicy(directustest.Policy{ID: "p-above", Name: "Archive", Holders: []string{everybody}})
	b.fake.AddPolicy(directustest.Policy{ID: "p-other", Name: "Everything", Admin: true, Holders: []string{directustest.CustomerRole}})
	account, err := b.client.Find(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return account, clerk, staff, everybody
}

func TestAccessNamesRolesAndPolicies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.LetRead("directus_access", "directus_policies")
	account, clerk, staff, everybody := hierarchy(t, b)
	got, err := b.client.Access(t.Context(), account, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := storage.UserAccess{
		Roles:    []storage.NamedRole{{ID: clerk, Name: "Clerk"}, {ID: staff, Name: "Staff"}, {ID: everybody, Name: "Everybody"}},
		Policies: []storage.NamedPolicy{{ID: "p-above", Name: "Archive"}, {ID: "p-own", Name: "Beta"}, {ID: "p-role", Name: "Orders"}},
		App:      true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAccessOfAnAdministratorByARoleAbove(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.LetRead("directus_access", "directus_policies")
	account, _, _, everybody := hierarchy(t, b)
	b.fake.AddPolicy(directustest.Policy{Name: "All of it", Admin: true, Holders: []string{everybody}})
	if got, err := b.client.Access(t.Context(), account, 0); err != nil || !got.Admin {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAccessSurvivesACircleOfRoles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	account, clerk, staff, everybody := hierarchy(t, b)
	b.fake.AddRole(directustest.Role{ID: everybody, Name: "Everybody", Parent: clerk})
	got, err := b.client.Roles(t.Context(), account, 0)
	want := []storage.NamedRole{{ID: clerk, Name: "Clerk"}, {ID: staff, Name: "Staff"}, {ID: everybody, Name: "Everybody"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAccessEndsAtTwentyRoles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	above := ""
	for range 30 {
		above = b.fake.AddRole(directustest.Role{Name: "One of many", Parent: above})
	}
	got, err := b.client.Roles(t.Context(), storage.Account{ID: "1", Role: above}, 0)
	if err != nil || len(got) != 20 {
		t.Errorf("%d roles, %v", len(got), err)
	}
}

func TestAccessOfAUserWithoutARole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.LetRead("directus_access", "directus_policies")
	id := b.addAda()
	b.fake.AddPolicy(directustest.Policy{ID: "p", Name: "Beta", Holders: []string{id}})
	got, err := b.client.Access(t.Context(), storage.Account{ID: id}, 0)
	if diff := cmp.Diff(storage.UserAccess{Policies: []storage.NamedPolicy{{ID: "p", Name: "Beta"}}}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if b.fake.Calls("/roles") != 0 {
		t.Error("roles were read for a user who has none")
	}
}

// Without the right nobody must look to have no policies.
func TestAccessNeedsToReadPolicies(t *testing.T) {
	t.Parallel()
	for name, readable := range map[string][]string{
		"neither":       {},
		"policies only": {"directus_policies"},
		"access only":   {"directus_access"},
	} {
		b := newBench(t)
		b.fake.LetRead(readable...)
		account, _, _, _ := hierarchy(t, b)
		_, err := b.client.Access(t.Context(), account, 0)
		if !errors.Is(err, directus.ErrServiceToken) || !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v, want %v", name, err, directus.ErrServiceToken)
		}
		if roles, err := b.client.Roles(t.Context(), account, 0); err != nil || len(roles) != 3 {
			t.Errorf("%s: the roles alone: %v, %v", name, roles, err)
		}
	}
}

func TestAccessOnDirectusTen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.WithoutPolicies()
	role := b.fake.AddRole(directustest.Role{Name: "Administrator", Admin: true, App: true})
	id := b.addAda(func(u *directustest.User) { u.Fields = map[string]any{"role": role} })
	got, err := b.client.Access(t.Context(), storage.Account{ID: id, Role: role}, 0)
	want := storage.UserAccess{Roles: []storage.NamedRole{{ID: role, Name: "Administrator"}}, Admin: true, App: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAccessIsRememberedForItsAge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.LetRead("directus_access", "directus_policies")
	account, clerk, _, _ := hierarchy(t, b)
	look := func(maxAge time.Duration) storage.UserAccess {
		t.Helper()
		got, err := b.client.Access(t.Context(), account, maxAge)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	look(time.Minute)
	look(time.Minute)
	if roles, access := b.fake.Calls("/roles"), b.fake.Calls("/access"); roles != 1 || access != 1 {
		t.Errorf("asked %d and %d times, want once each", roles, access)
	}
	b.fake.AddPolicy(directustest.Policy{Name: "New", Holders: []string{clerk}})
	if got := look(time.Minute); len(got.Policies) != 3 {
		t.Errorf("within its age: %v", got.Policies)
	}
	b.clock.Advance(time.Minute + time.Second)
	if got := look(time.Minute); len(got.Policies) != 4 {
		t.Errorf("past its age: %v", got.Policies)
	}
	b.client.Forget(account.ID)
	calls := b.fake.Calls("/access")
	look(time.Minute)
	if b.fake.Calls("/access") != calls+1 {
		t.Error("a user who was forgotten was not asked for again")
	}
	// Another role is another answer, however young the old one.
	account.Role = ""
	if got := look(time.Minute); len(got.Roles) != 0 || len(got.Policies) != 2 {
		t.Errorf("without the role: %+v", got)
	}
}

// A role that was made since the tree was read is looked for, and one that is not
// shown is no reason to take a user for one without roles.
func TestAccessLooksForRolesThatTheTreeLacks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	account, _, _, _ := hierarchy(t, b)
	if _, err := b.client.Roles(t.Context(), account, time.Hour); err != nil {
		t.Fatal(err)
	}
	account.Role = b.fake.AddRole(directustest.Role{Name: "Late", Parent: account.Role})
	if got, err := b.client.Roles(t.Context(), account, time.Hour); err != nil || len(got) != 4 || got[0].Name != "Late" {
		t.Errorf("%v, %v", got, err)
	}
	account.Role = "00000000-0000-4000-8000-0000000000ff"
	if _, err := b.client.Roles(t.Context(), account, time.Hour); !errors.Is(err, directus.ErrServiceToken) {
		t.Errorf("a hidden role: %v, want %v", err, directus.ErrServiceToken)
	}
}
