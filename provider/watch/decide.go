package watch

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// readAtOnce is how many records are read in one round trip.
const readAtOnce = 500

// held is what a user has here.
type held struct {
	sightings []storage.Sighting
}

// decide looks at the users among ids who have a session or grant. What they have
// is read before Directus is asked: a session that starts in between remembers a
// look of its own. It says whether there was anybody to ask for. What is decided
// of a password is taken out of passwords.
func (d *decision) decide(ctx context.Context, ids []string) (asking bool, err error) {
	w := d.watch
	holding, err := w.holding(ctx, ids)
	if err != nil || len(holding) == 0 {
		return false, err
	}
	asked := make([]string, 0, len(holding))
	for id := range holding {
		asked = append(asked, id)
	}
	slices.Sort(asked)
	found, err := w.Directory.FindAll(ctx, asked)
	if err != nil {
		return true, fmt.Errorf("look users up: %w", err)
	}
	for _, id := range asked {
		current, exists := found[id]
		ended, err := w.Gate.Judge(ctx, id, current, !exists, holding[id].sightings...)
		if err != nil {
			return true, fmt.Errorf("decide on a user: %w", err)
		}
		d.judged(id, current, exists)
		// Another change ends what is older than that one, and no sign-in with the
		// old password that came after it.
		if at, ok := d.passwords[id]; ok && (!ended || exists && current.Active) {
			if err := w.Gate.PasswordChanged(ctx, id, at); err != nil {
				return true, fmt.Errorf("decide on a user: %w", err)
			}
		}
		delete(d.passwords, id) // it may be no news once only
	}
	return true, nil
}

// holding are the users who have a session or grant that is worth something, by
// id.
func (w *Watch) holding(ctx context.Context, ids []string) (map[string]held, error) {
	indexes := make([]*storage.Record[storage.Subject], len(ids))
	reads := make([]storage.Read, len(ids))
	for i, id := range ids {
		reads[i] = w.Store.Subjects.Read(id, &indexes[i])
	}
	if err := w.load(ctx, reads); err != nil {
		return nil, err
	}
	reads = nil
	sessions := make([][]*storage.Record[storage.Session], len(ids))
	grants := make([][]*storage.Record[storage.Grant], len(ids))
	for i, index := range indexes {
		if index == nil {
			continue
		}
		sessions[i] = make([]*storage.Record[storage.Session], len(index.Value.Sessions))
		for j, entry := range index.Value.Sessions {
			reads = append(reads, w.Store.Sessions.Read(entry.ID, &sessions[i][j]))
		}
		grants[i] = make([]*storage.Record[storage.Grant], len(index.Value.Grants))
		for j, entry := range index.Value.Grants {
			reads = append(reads, w.Store.Grants.Read(entry.ID, &grants[i][j]))
		}
	}
	if err := w.load(ctx, reads); err != nil {
		return nil, err
	}
	holding := map[string]held{}
	for i, id := range ids {
		if sightings := sightingsOf(id, sessions[i], grants[i]); len(sightings) > 0 {
			holding[id] = held{sightings}
		}
	}
	return holding, nil
}

// sightingsOf leaves out what has ended: sessions by the mark, and grants that
// are bound to a session that is not there.
func sightingsOf(id string, sessions []*storage.Record[storage.Session], grants []*storage.Record[storage.Grant]) []storage.Sighting {
	var sightings []storage.Sighting
	alive := map[string]bool{}
	for _, record := range sessions {
		if record != nil && record.Value.Subject == id && !record.Value.Ended {
			alive[record.Value.ID] = true
			sightings = append(sightings, record.Value.Seen)
		}
	}
	for _, record := range grants {
		if record != nil && record.Value.Subject == id && (!record.Value.Bound() || alive[record.Value.SessionID]) {
			sightings = append(sightings, record.Value.Seen)
		}
	}
	return sightings
}

func (w *Watch) load(ctx context.Context, reads []storage.Read) error {
	for some := range slices.Chunk(reads, readAtOnce) {
		if err := w.Store.Load(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}
