// Package bench holds the benchmarks behind docs/performance.md: what the
// protocol costs on a real Redis, beside the floor under it. Run them with make
// bench.
//
// The floor is the least that the same work could cost: the same HTTP requests,
// by the same client, to bare chi handlers that answer with recorded bytes; one
// signature; and plain commands to the same Redis. Provider and floor are
// measured in turns, so that a busy machine is busy for both.
package bench
