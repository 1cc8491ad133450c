//go:build linux

package bench_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// turn is how many operations run before the other side is measured.
const turn = 60

// operation does one thing, or reports why it could not.
type operation func() error

// measured is what one side used.
type measured struct {
	// clock is the processor time, user and system, that the side has used.
	clock func() time.Duration
	// turns are the processor time of one operation in each turn.
	turns []time.Duration
	walls []time.Duration
	// trips went to Redis, looks to Directus.
	trips, looks int
}

// run measures one turn, by one caller or by several at once.
func (m *measured) run(b *testing.B, count, callers int, op operation) {
	b.Helper()
	walls, failures := make([]time.Duration, count), make([]error, count)
	before := m.clock()
	var working sync.WaitGroup
	for caller := range callers {
		working.Go(func() {
			for i := caller; i < count; i += callers {
				start := time.Now()
				failures[i] = op()
				walls[i] = time.Since(start)
			}
		})
	}
	working.Wait()
	m.turns = append(m.turns, (m.clock()-before)/time.Duration(count))
	m.walls = append(m.walls, walls...)
	for _, err := range failures {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// perOperation is the median over the turns: on a machine that is not ours alone
// some of them are disturbed.
func (m *measured) perOperation() time.Duration { return median(m.turns) }

// multipleOf compares each turn with the floor's turn next to it, since a machine
// may be faster in one minute than in the next.
func (m *measured) multipleOf(floor measured) float64 {
	ratios := make([]float64, len(m.turns))
	for i, ours := range m.turns {
		ratios[i] = float64(ours) / float64(floor.turns[i])
	}
	return median(ratios)
}

func median[T cmp.Ordered](values []T) T {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// percentile is the wall time that a share of the operations stays within.
func (m *measured) percentile(share float64) time.Duration {
	slices.Sort(m.walls)
	return m.walls[int(share*float64(len(m.walls)-1))]
}

// sides are what is compared.
type sides struct {
	ours, floor           operation
	oursClock, floorClock func() time.Duration
	callers               int
	// before runs ahead of each of our turns and is not measured.
	before func()
	// asked is how often Redis and Directus were asked so far.
	asked func() (trips, looks int)
}

// compare runs b.N operations and as many of the floor, in turns. What go test
// itself reports, time and allocations, is of our operations alone.
func compare(b *testing.B, s sides) (ours, floor measured) {
	b.Helper()
	ours.clock, floor.clock = s.oursClock, s.floorClock
	for range 3 {
		for _, op := range []operation{s.ours, s.floor} {
			if err := op(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += turn {
		count := min(turn, b.N-done)
		b.StopTimer()
		s.before()
		trips, looks := s.asked()
		b.StartTimer()
		ours.run(b, count, s.callers, s.ours)
		b.StopTimer()
		tripsNow, looksNow := s.asked()
		ours.trips += tripsNow - trips
		ours.looks += looksNow - looks
		floor.run(b, count, s.callers, s.floor)
		b.StartTimer()
	}
	b.StopTimer()
	return ours, floor
}

// ownTime is the processor time of this process, in which the client is, too.
func ownTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // only for wrong arguments
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// timeOf returns the clock of another process: what its threads spent on a
// processor in nanoseconds, the first number of schedstat. The Go runtime keeps
// its threads.
func timeOf(pid int) func() time.Duration {
	return func() time.Duration {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil {
			panic(err) // only for a wrong pattern
		}
		var sum time.Duration
		for _, thread := range threads {
			statistics, err := os.ReadFile(thread)
			if err != nil {
				continue // the thread has ended
			}
			spent, _, _ := strings.Cut(string(statistics), " ")
			nanoseconds, _ := strconv.ParseInt(spent, 10, 64)
			sum += time.Duration(nanoseconds)
		}
		return sum
	}
}

// residentMemory is what a process has in memory, in megabytes.
func residentMemory(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1024
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
