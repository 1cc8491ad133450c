package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/bolt"
	"gatehouse/storage/storagetest"
)

// shortFolder is a folder whose path leaves room for that of a socket.
func shortFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "gatehouse")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// serve answers for the backend at a socket until stop is called, which tests
// may leave to the cleanup.
func serve(t testing.TB, backend storage.Backend, path string) (stop func()) {
	t.Helper()
	socket, err := bolt.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- socket.Serve(ctx, backend) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func dial(t testing.TB, path string) *bolt.Client {
	t.Helper()
	client, err := bolt.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func openSocket(t testing.TB) storagetest.Instance {
	t.Helper()
	path := filepath.Join(shortFolder(t), "gatehouse.db")
	clock := newClock()
	serve(t, openFile(t, path, clock), bolt.SocketPath(path))
	return storagetest.Instance{Backend: dial(t, bolt.SocketPath(path)), Advance: clock.Advance}
}

func TestContractThroughSocket(t *testing.T) { storagetest.Run(t, openSocket) }

func TestStoreThroughSocket(t *testing.T) { storagetest.RunStore(t, openSocket) }

func BenchmarkSocket(b *testing.B) { storagetest.Benchmark(b, openSocket) }

func TestSocketBelongsToItsUser(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s.sock")
	stop := serve(t, open(t).Backend, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode.Perm() != 0o600 || mode.Type() != os.ModeSocket {
		t.Errorf("the socket has the mode %v, want 0600", mode)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v; want the socket alone", entries, err)
	}
	stop()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the stop: %v", err)
	}
}

func TestSocketLeftBehindIsReplaced(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false) // as when the process is killed
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Dial(t.Context(), path); err == nil {
		t.Error("a socket without a process was dialled")
	}
	serve(t, open(t).Backend, path)
	put(t, dial(t, path), "a", "1", time.Hour)
}

func TestSocketInUseIsKept(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s.sock")
	serve(t, open(t).Backend, path)
	if err := bolt.Serve(t.Context(), open(t).Backend, path); !errors.Is(err, bolt.ErrSocketInUse) {
		t.Errorf("second socket: %v, want %v", err, bolt.ErrSocketInUse)
	}
	put(t, dial(t, path), "a", "1", time.Hour)
}

func TestListenRefuses(t *testing.T) {
	folder := shortFolder(t)
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"another file":   file,
		"missing folder": filepath.Join(folder, "missing", "s"),
		"too long":       filepath.Join(folder, strings.Repeat("x", 108)),
	} {
		if _, err := bolt.Listen(t.Context(), path); err == nil {
			t.Errorf("%s: listens", name)
		}
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "precious" {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

func TestErrorsCrossTheSocket(t *testing.T) {
	faulty := storagetest.NewFaulty(open(t).Backend)
	path := filepath.Join(shortFolder(t), "s.sock")
	serve(t, faulty, path)
	client := dial(t, path)
	faulty.CrashBefore(1)
	err := client.Put(t.Context(), "a", nil, time.Hour)
	if err == nil || !strings.Contains(err.Error(), storagetest.ErrCrashed.Error()) {
		t.Errorf("put: %v", err)
	}
	for _, known := range []error{storage.ErrNotFound, storage.ErrExists, storage.ErrConflict} {
		if errors.Is(err, known) {
			t.Errorf("%v is %v", err, known)
		}
	}
	if err := client.Ping(t.Context()); err == nil {
		t.Error("ping succeeds while the store fails")
	}
}

// brokenListing fails after it has listed many keys.
type brokenListing struct{ storage.Backend }

func (brokenListing) Keys(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range 1000 {
			if !yield(fmt.Sprint(i), nil) {
				return
			}
		}
		yield("", errors.New("the disk is gone"))
	}
}

func TestErrorInTheMiddleOfAListing(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s.sock")
	serve(t, brokenListing{open(t).Backend}, path)
	var listErr error
	for _, err := range dial(t, path).Keys(t.Context(), "") {
		listErr = err
	}
	if listErr == nil || !strings.Contains(listErr.Error(), "the disk is gone") {
		t.Errorf("listing: %v", listErr)
	}
}

// cutOff ends a listing as a crash would.
type cutOff struct{ brokenListing }

func (c cutOff) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range c.brokenListing.Keys(ctx, prefix) {
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			if !yield(key, nil) {
				return
			}
		}
	}
}

func TestListingThatIsCutOffIsAnError(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s.sock")
	serve(t, cutOff{brokenListing{open(t).Backend}}, path)
	var listErr error
	seen := 0
	for _, err := range dial(t, path).Keys(t.Context(), "") {
		listErr = err
		seen++
	}
	if listErr == nil {
		t.Errorf("a listing cut off after %d keys ended without an error", seen)
	}
}

func TestOpenOrDial(t *testing.T) {
	path := filepath.Join(shortFolder(t), "gatehouse.db")
	clock := newClock()
	options := bolt.Options{Path: path, Now: clock.Now}
	holder, err := bolt.OpenOrDial(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := holder.(*bolt.Backend); !ok {
		t.Fatalf("the free file was opened as %T", holder)
	}
	put(t, holder, "a", "1", time.Hour)
	if _, err := bolt.OpenOrDial(t.Context(), options); !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("a locked file without socket: %v, want %v", err, bolt.ErrLocked)
	}

	stop := serve(t, holder, bolt.SocketPath(path))
	client, err := bolt.OpenOrDial(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := client.(*bolt.Client); !ok {
		t.Errorf("the locked file was opened as %T", client)
	}
	if got := get(t, client, "a"); got != "1" {
		t.Errorf("the socket's a is %q", got)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, openFile(t, path, clock), "a"); got != "1" {
		t.Errorf("the file's a is %q", got)
	}
}

// A command that comes while the holder is between lock and socket waits for it.
func TestOpenOrDialWaitsForTheSocket(t *testing.T) {
	path := filepath.Join(shortFolder(t), "gatehouse.db")
	clock := newClock()
	backend := openFile(t, path, clock)
	type opened struct {
		backend storage.Backend
		err     error
	}
	result := make(chan opened, 1)
	go func() {
		backend, err := bolt.OpenOrDial(t.Context(), bolt.Options{Path: path, Now: clock.Now})
		result <- opened{backend, err}
	}()
	serve(t, backend, bolt.SocketPath(path))
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	put(t, got.backend, "a", "1", time.Hour)
	if err := got.backend.Close(); err != nil {
		t.Error(err)
	}
}
