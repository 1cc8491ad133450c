package directus_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

func TestFindAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := []string{"not an id", "00000000-0000-4000-8000-000000000000"}
	for i := range 100 {
		ids = append(ids, b.fake.AddUser(directustest.User{Email: fmt.Sprintf("user%d@example.com", i), Password: password}))
	}
	b.fake.SetStatus(ids[3], "suspended")
	found, err := b.client.FindAll(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 100 || found[ids[3]].Active || !found[ids[4]].Active {
		t.Errorf("found %d", len(found))
	}
	// 101 ids take two requests; two more ask whether the token sees users.
	calls := b.fake.Calls("/users")
	if calls != 4 {
		t.Errorf("Directus was asked %d times", calls)
	}
	// Find remembers what was found, and that a user is gone.
	b.fake.SetStatus(ids[4], "suspended")
	if account, err := b.client.Find(t.Context(), ids[4], time.Minute); err != nil || !account.Active {
		t.Errorf("found %+v, %v", account, err)
	}
	b.fake.Delete(ids[4])
	if _, err := b.client.FindAll(t.Context(), ids[4:5]); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.Find(t.Context(), ids[4], time.Minute); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// Whoever an answer has no room for is not gone: Directus refuses to be asked for
// more rows than QUERY_LIMIT_MAX, and cuts what has no limit.
func TestFindAllUnderQueryLimitMax(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 7, 99, 100} {
		b := newBench(t)
		b.fake.SetQueryLimitMax(most)
		ids := []string{"00000000-0000-4000-8000-000000000000"}
		for i := range 110 {
			ids = append(ids, b.fake.AddUser(directustest.User{Email: fmt.Sprintf("user%d@example.com", i), Password: password}))
		}
		found, err := b.client.FindAll(t.Context(), ids)
		if err != nil || len(found) != 110 {
			t.Errorf("QUERY_LIMIT_MAX %d: found %d, %v", most, len(found), err)
		}
		if _, there := found[ids[0]]; there {
			t.Errorf("QUERY_LIMIT_MAX %d: found one who is not there", most)
		}
	}
}

// An answer that lacks somebody says that he is gone only if the token sees users
// at all.
func TestFindAllTellsNothingWhereItSeesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	b.fake.Hide(true, true)
	if found, err := b.client.FindAll(t.Context(), []string{id}); !errors.Is(err, storage.ErrUnavailable) || found != nil {
		t.Errorf("found %v, %v", found, err)
	}
	b.fake.Hide(false, false)
	b.fake.Inject(directustest.Fault{Path: "/users", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	if found, err := b.client.FindAll(t.Context(), []string{id}); !errors.Is(err, storage.ErrUnavailable) || found != nil {
		t.Errorf("found %v, %v", found, err)
	}
}
