// Package redis keeps the store in Redis 6.2 or later (or Valkey): one server, a
// master watched by Sentinel, or a Cluster.
//
// Every call is one command on one key, so that a Cluster needs no hash tags and
// a fail-over leaves nothing half done. Reads are repeated when the connection
// breaks; writes only when Redis has said that it did not carry them out
// (see write). Values are lost with the server unless it writes them to disk;
// Open warns when it does not.
//
// The least that an ACL user needs, with the default prefix:
//
//	~gatehouse:* +get +mget +set +getdel +del +eval +evalsha +scan +ping
//
// and on a Cluster +cluster|slots. With +info and +config|get Open can check the
// version and warn about settings that lose data.
//
// The package knows nothing of what is kept: values come sealed, and keys come
// digested.
package redis
