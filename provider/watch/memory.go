package watch

import "gatehouse/storage"

// maxRemembered bounds the sessions and grants that a node remembers, some sixty
// bytes each. Those beyond are read each time.
const maxRemembered = 500_000

// memory is what a node knows since it last looked at everybody. With it, the next
// such look reads only what is new here or has changed at Directus: an empty memory
// costs time and nothing else.
type memory struct {
	// owners are the users of sessions and grants; empty for a grant that ends with
	// its session.
	owners map[tail]string
	// judged is how each user was when all that he had was held against him.
	judged map[string]storage.Sighting
}

// tail is the end of a key, which is a digest.
type tail [16]byte

func tailOf(key string) (t tail) {
	copy(t[:], key[max(len(key)-len(t), 0):])
	return t
}

// roll is the memory that a look at everybody makes from the one before.
type roll struct {
	memory
	before memory
	// users are those who have something, and whether some of it is new.
	users map[string]bool
}

func (m memory) roll() *roll {
	return &roll{
		memory: memory{owners: make(map[tail]string, len(m.owners)), judged: make(map[string]storage.Sighting, len(m.judged))},
		before: m, users: map[string]bool{},
	}
}

// remembered says whether a record was seen before, and enters it if so.
func (r *roll) remembered(key string) bool {
	owner, ok := r.before.owners[tailOf(key)]
	if !ok {
		return false
	}
	r.keep(key, owner)
	if owner != "" && !r.users[owner] {
		_, judged := r.before.judged[owner]
		r.users[owner] = !judged
	}
	return true
}

// enter is for a record that was not seen before.
func (r *roll) enter(key, owner string) {
	r.keep(key, owner)
	if owner != "" {
		r.users[owner] = true
	}
}

func (r *roll) keep(key, owner string) {
	if len(r.owners) < maxRemembered {
		r.owners[tailOf(key)] = owner
	}
}

// same says whether the user is as he was when he was judged. Who has something
// that he had not then is not asked for: it may remember another look.
func (r *roll) same(id string, now storage.Sighting) bool {
	then, ok := r.before.judged[id]
	return ok && then.Status == now.Status && then.Role == now.Role && then.SameEmail(now)
}

// judge notes that all that the user has was held against a look at him.
func (r *roll) judge(id string, current storage.Account, exists bool) {
	if exists && current.Active {
		r.judged[id] = storage.Sight(current)
	}
}
