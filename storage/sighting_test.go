package storage_test

import (
	"testing"

	"gatehouse/storage"
)

func TestSighting(t *testing.T) {
	t.Parallel()
	account := storage.Account{Email: "Ada@example.com", Status: "active", Role: "r1"}
	seen := storage.Sight(account)
	if seen.Zero() || !(storage.Sighting{}).Zero() {
		t.Error("a sighting of somebody is not zero, an empty one is")
	}
	account.Email = "ada@EXAMPLE.com"
	if !seen.SameEmail(storage.Sight(account)) {
		t.Error("an address in other letters counts as another")
	}
	account.Email = "eve@example.com"
	if seen.SameEmail(storage.Sight(account)) {
		t.Error("another address counts as the same")
	}
}
