// Package bolt keeps the store in one file on one machine, by go.etcd.io/bbolt.
//
// A write is on the disk when its call returns; writes that come together share
// one flush. The expiry of a record stands beside its value and in an index by
// time, from which Sweep deletes what nobody can read any more.
//
// Only one process can hold the file. While "serve" does, it answers the same
// calls on a Unix socket beside the file (Socket), and every other command
// reaches the store through that socket (Dial, OpenOrDial).
//
// The package knows nothing of what is kept: values come sealed, and keys come
// digested.
package bolt
