package redis_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// proxy stands between client and Redis and meddles with one command.
type proxy struct {
	address string
	target  string

	mu     sync.Mutex
	word   string // of the command to meddle with; empty: none
	answer string // sent instead of passing the command on, if not empty
	times  int
	seen   int
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String(), target: target}
	var group sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { p.pass(client) })
		}
	})
	return p
}

// loseAnswer passes the next command with this word on and breaks the connection
// instead of passing its answer back.
func (p *proxy) loseAnswer(word string) { p.meddle(word, "", 1) }

// answerInstead answers the next commands with this word, which Redis never sees.
func (p *proxy) answerInstead(word, answer string, times int) { p.meddle(word, answer, times) }

func (p *proxy) meddle(word, answer string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word, p.answer, p.times, p.seen = word, answer, times, 0
}

// sent counts how often the command that was last named was sent.
func (p *proxy) sent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// look decides what becomes of a command.
func (p *proxy) look(command []byte) (answer string, lose bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// "$3\r\nget\r\n" is a word of its own, "getdel" another one.
	if p.word == "" || !bytes.Contains(command, []byte("\r\n"+p.word+"\r\n")) {
		return "", false
	}
	p.seen++
	if p.seen > p.times {
		return "", false
	}
	return p.answer, p.answer == ""
}

// pass relies on a command of this test's size to arrive in one piece.
func (p *proxy) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target) //nolint:noctx // a test
	if err != nil {
		return
	}
	defer server.Close()
	request, reply := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := client.Read(request)
		if err != nil {
			return
		}
		answer, lose := p.look(request[:n])
		if answer != "" {
			if _, err := client.Write([]byte(answer)); err != nil {
				return
			}
			continue
		}
		if _, err := server.Write(request[:n]); err != nil {
			return
		}
		m, err := server.Read(reply)
		if err != nil || lose {
			return
		}
		if _, err := client.Write(reply[:m]); err != nil {
			return
		}
	}
}
