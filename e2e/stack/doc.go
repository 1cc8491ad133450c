// Package stack starts the real things that Gatehouse works with — Directus,
// PostgreSQL, Redis alone, as a Cluster or behind Sentinel, and a mailbox — and
// Gatehouse and examples/nextjs themselves, as child processes on free loopback
// ports, for the tests and for the demo.
//
// What every component guarantees:
//
//   - it listens on 127.0.0.1 only, on a port nobody asked for (unless one was
//     given), and answers before its Start function returns;
//   - it dies with the process that started it, even when that one is killed;
//   - its output goes to a file, whose end is part of the error when it does
//     not start;
//   - Stop ends it and removes what it wrote, and may be called twice.
//
// Downloads and prepared databases are kept under [CacheDir], each under a key
// made of everything it was made from, so the second start is quick and a
// changed lockfile never meets an old tree. Two processes may share the cache.
//
// The functions ending in ForTest are for tests: they skip when a program is
// not installed, or fail when GATEHOUSE_TEST_REQUIRE=1 says that nothing may be
// left out (make test sets it).
package stack
