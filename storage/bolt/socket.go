package bolt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gatehouse/storage"
)

// ErrSocketInUse says that another process answers at the socket.
var ErrSocketInUse = errors.New("administration socket is in use by another process")

const (
	socketSuffix = ".sock"
	// maxSocketPath is what the address of a Unix socket has room for on Linux;
	// other systems have a few bytes less and say so themselves.
	maxSocketPath = 107
	// stopPatience bounds the wait for the calls under way when a Socket stops.
	stopPatience = 5 * time.Second
)

// SocketPath returns where the administration socket of a store file is.
func SocketPath(path string) string { return path + socketSuffix }

// Socket is an administration socket: it answers the calls of storage.Backend
// for the processes of the user that it belongs to. Whoever reaches it can read
// and write every key, and no more than the file beside it would allow.
type Socket struct {
	listener *net.UnixListener
	path     string
}

// Listen opens the socket with the mode 0600. One that nobody answers at was
// left behind, and is replaced; one that somebody answers at is ErrSocketInUse.
// Only the process that holds the store file may call it.
func Listen(ctx context.Context, path string) (*Socket, error) {
	if err := refuseTaken(ctx, path); err != nil {
		return nil, err
	}
	// Bound in a folder of our own and then moved: between bind and chmod a
	// socket has whatever mode the umask left it.
	folder, err := os.MkdirTemp(filepath.Dir(path), "s")
	if err != nil {
		return nil, fmt.Errorf("open administration socket: %w", err)
	}
	defer os.RemoveAll(folder)
	hidden := filepath.Join(folder, "s")
	if longest := max(len(path), len(hidden)); longest > maxSocketPath {
		return nil, fmt.Errorf("open administration socket: its path has %d bytes, %d fit: choose a shorter data folder",
			longest, maxSocketPath)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: hidden, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open administration socket: %w", err)
	}
	listener.SetUnlinkOnClose(false) // it will have another name
	err = os.Chmod(hidden, 0o600)
	if err == nil {
		err = os.Rename(hidden, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open administration socket: %w", err), listener.Close())
	}
	return &Socket{listener: listener, path: path}, nil
}

func refuseTaken(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("open administration socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("open administration socket: %s is something else", path)
	}
	connection, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return ctx.Err() // nobody answers
	}
	_ = connection.Close()
	return fmt.Errorf("%s: %w", path, ErrSocketInUse)
}

// Serve opens the socket at path and answers there until the context ends.
func Serve(ctx context.Context, backend storage.Backend, path string) error {
	socket, err := Listen(ctx, path)
	if err != nil {
		return err
	}
	return socket.Serve(ctx, backend)
}

// Serve answers calls from backend until the context ends; then it removes the
// socket, waits a little for the calls under way, and returns nil. The backend
// must stay open until it has returned.
func (s *Socket) Serve(ctx context.Context, backend storage.Backend) error {
	server := &http.Server{
		Handler:           (&server{backend}).routes(),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve administration socket: %w", err), s.remove())
	case <-ctx.Done():
	}
	// Removed first: a command that comes now is to find the file free soon,
	// not a socket that does not answer.
	removeErr := s.remove()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		_ = server.Close() // cuts off whoever is left
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(fmt.Errorf("serve administration socket: %w", err), removeErr)
	}
	return removeErr
}

func (s *Socket) remove() error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove administration socket: %w", err)
	}
	return nil
}

type server struct {
	backend storage.Backend
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	for name, answer := range map[string]func(context.Context, call) (reply, error){
		"get":    s.get,
		"put":    s.put,
		"add":    s.add,
		"swap":   s.swap,
		"take":   s.take,
		"delete": s.delete,
		"ping":   s.ping,
	} {
		mux.HandleFunc("POST "+pathPrefix+name, func(w http.ResponseWriter, r *http.Request) {
			asked, ok := readCall(w, r)
			if !ok {
				return
			}
			given, err := answer(r.Context(), asked)
			if err != nil {
				given = failed(err)
			}
			writeReply(w, given)
		})
	}
	mux.HandleFunc("POST "+pathPrefix+"keys", s.keys)
	return mux
}

func readCall(w http.ResponseWriter, r *http.Request) (asked call, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCall)).Decode(&asked); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return call{}, false
	}
	return asked, true
}

func (s *server) get(ctx context.Context, asked call) (reply, error) {
	values, err := s.backend.Get(ctx, toStrings(asked.Keys)...)
	return reply{Values: values}, err
}

func (s *server) put(ctx context.Context, asked call) (reply, error) {
	return reply{}, s.backend.Put(ctx, string(asked.Key), asked.Value, asked.TTL)
}

func (s *server) add(ctx context.Context, asked call) (reply, error) {
	return reply{}, s.backend.Add(ctx, string(asked.Key), asked.Value, asked.TTL)
}

func (s *server) swap(ctx context.Context, asked call) (reply, error) {
	return reply{}, s.backend.Swap(ctx, string(asked.Key), asked.Old, asked.Value, asked.TTL)
}

func (s *server) take(ctx context.Context, asked call) (reply, error) {
	value, err := s.backend.Take(ctx, string(asked.Key))
	return reply{Values: [][]byte{value}}, err
}

func (s *server) delete(ctx context.Context, asked call) (reply, error) {
	return reply{}, s.backend.Delete(ctx, string(asked.Key))
}

func (s *server) ping(ctx context.Context, _ call) (reply, error) {
	return reply{}, s.backend.Ping(ctx)
}

// keys streams a listing: nobody holds all of it at once.
func (s *server) keys(w http.ResponseWriter, r *http.Request) {
	asked, ok := readCall(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	var some [][]byte
	for key, err := range s.backend.Keys(r.Context(), string(asked.Key)) {
		if err != nil {
			_ = encoder.Encode(failed(err)) // an error means that the caller is gone
			return
		}
		if some = append(some, []byte(key)); len(some) < keysPerStep {
			continue
		}
		if err := encoder.Encode(reply{Keys: some}); err != nil {
			return
		}
		some = nil
	}
	_ = encoder.Encode(reply{Keys: some, End: true})
}
