//go:build linux

package bench_test

import (
	"fmt"
	"os"
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
	clock      func() time.Duration
	operations int
	cpu        time.Duration
	walls      []time.Duration
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
	m.cpu += m.clock() - before
	m.operations += count
	m.walls = append(m.walls, walls...)
	for _, err := range failures {
		if err != nil {
			b.Fatal(err)
		}
	}
}

func (m *measured) perOperation() time.Duration {
	return m.cpu / time.Duration(max(m.operations, 1))
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

// tick is the unit of /proc/*/stat.
const tick = 10 * time.Millisecond

// timeOf returns the clock of another process (proc(5), fields 14 and 15 of
// stat). It is coarse, but what one turn misses the next one has.
func timeOf(pid int) func() time.Duration {
	return func() time.Duration {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			panic(err) // the process has died
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		return time.Duration(user+system) * tick
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
