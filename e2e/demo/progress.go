package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress says what is being done and how long it took. Steps may overlap.
type progress struct {
	mu  sync.Mutex
	out io.Writer
}

func newProgress(out io.Writer) *progress { return &progress{out: out} }

// step announces a step; the returned function ends it, saying nothing of a
// failure, which is told once at the end.
func (p *progress) step(name string) (done func(error)) {
	started := time.Now()
	p.print("...   " + name)
	return func(err error) {
		if err == nil {
			p.print(fmt.Sprintf("done  %s (%.1f s)", name, time.Since(started).Seconds()))
		}
	}
}

func (p *progress) print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.out, line)
}
