package config

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"gatehouse/storage"
)

func (l *loader) checkStore() {
	bolt, redis := l.config.Store.Bolt.Path != "", len(l.config.Store.Redis.Addresses) > 0
	sealed := len(l.config.Store.SealingKeys) > 0 || l.failed(sealingKey)
	switch {
	case bolt && redis:
		l.refuse("store.bolt.path", "excludes store.redis.addresses (%s); keep one store", l.origins["store.redis.addresses"])
	case !bolt && !redis && l.config.LoopbackIssuer():
		l.config.Store.Bolt.Path = filepath.Join(dataFolder(l.options.Environment), "gatehouse.db")
	case !bolt && !redis:
		l.missing("store", "set store.redis.addresses, or store.bolt.path on a single machine; only a loopback issuer has an implied store")
	case redis && !sealed:
		l.missing(sealingKey, "Redis keeps sealed records only; make a key with: openssl rand -base64 32")
	case !l.config.LoopbackIssuer() && !sealed:
		l.missing(sealingKey, "make one with: openssl rand -base64 32; only a loopback issuer has one made for it")
	}
	if redis {
		l.checkRedis()
	}
	if _, err := l.config.Store.Keys(); err != nil {
		l.refuse(sealingKey, "%s", err)
	}
}

const sealingKey = "store.sealing_keys"

func (l *loader) checkRedis() {
	r := l.config.Store.Redis
	for _, address := range r.Addresses {
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			l.refuse("store.redis.addresses", "%q is not host:port; write it like redis.example.com:6379", address)
		}
	}
	if r.Cluster && r.MasterName != "" {
		l.refuse("store.redis.master_name", "is for Sentinel, store.redis.cluster for a Cluster; keep one")
	}
	if r.Cluster && r.Database != 0 {
		l.refuse("store.redis.database", "a Cluster has database 0 only; remove the key")
	}
	if !r.Cluster && r.MasterName == "" && len(r.Addresses) > 1 {
		l.refuse("store.redis.addresses", "names several servers; add store.redis.master_name (Sentinel) or store.redis.cluster: true")
	}
	if !r.TLS.Enabled && (r.TLS.CAFile != "" || r.TLS.CertFile != "" || r.TLS.ServerName != "") {
		l.refuse("store.redis.tls.enabled", "is false, but other keys of store.redis.tls are set; write true or remove them")
	}
	if (r.TLS.CertFile == "") != (r.TLS.KeyFile == "") {
		l.refuse("store.redis.tls.cert_file", "store.redis.tls.cert_file and key_file belong together; set both or neither")
	}
}

// Keys decodes the sealing keys. The error does not repeat them.
func (s Store) Keys() ([][]byte, error) {
	var decoded [][]byte
	for i, key := range s.SealingKeys {
		raw, err := decodeKey(key.Reveal())
		if err != nil || len(raw) != storage.SealingKeySize {
			return nil, fmt.Errorf("key %d is not %d bytes in base64 or hex; make one with: openssl rand -base64 32", i+1, storage.SealingKeySize)
		}
		decoded = append(decoded, raw)
	}
	return decoded, nil
}

func decodeKey(text string) ([]byte, error) {
	if len(text) == 2*storage.SealingKeySize {
		return hex.DecodeString(text)
	}
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	return base64.RawStdEncoding.DecodeString(text)
}

// dataFolder follows the XDG Base Directory Specification.
func dataFolder(environment []string) string {
	if folder := Lookup(environment, "XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "gatehouse")
	}
	if home := Lookup(environment, "HOME"); filepath.IsAbs(home) && home != "/" {
		return filepath.Join(home, ".local", "share", "gatehouse")
	}
	return "data"
}
