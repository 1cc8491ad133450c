package doctor

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/storage/redis"
)

// redis looks at whether records live as long as they should. Each thing is said
// once, of however many masters of a Cluster.
func (p Patient) redis(ctx context.Context) []Finding {
	if p.Durability == nil {
		return nil
	}
	masters, err := p.Durability(ctx)
	if err != nil {
		return []Finding{{Error, "Redis", fmt.Sprintf("could not be looked at: %v", err), "check store.redis, and that Redis runs"}}
	}
	var findings []Finding
	for _, master := range masters {
		for _, finding := range durability(master) {
			if !slices.Contains(findings, finding) {
				findings = append(findings, finding)
			}
		}
	}
	return findings
}

func durability(master redis.Durability) []Finding {
	const (
		subject  = "Redis"
		keepsAll = "set appendonly yes in redis.conf (at once: redis-cli CONFIG SET appendonly yes, then CONFIG REWRITE)"
	)
	var findings []Finding
	if master.Evicts != "" {
		findings = append(findings, Finding{
			Error, subject, fmt.Sprintf("deletes records when its memory is full (maxmemory-policy %s): signing keys, sign-ins, and the memory of codes that were used once already", master.Evicts),
			"set maxmemory-policy noeviction in redis.conf (at once: redis-cli CONFIG SET maxmemory-policy noeviction, then CONFIG REWRITE), and give Gatehouse a Redis that is no cache",
		})
	}
	switch master.Loss {
	case redis.LossOfAll:
		findings = append(findings, Finding{Error, subject, "keeps nothing on disk: when it stops, all signing keys, sign-ins and grants are gone", keepsAll})
	case redis.LossSinceSnapshot:
		findings = append(findings, Finding{
			Warning, subject, fmt.Sprintf("keeps snapshots only (save %s): when it is killed, what came since the last is gone, such as that a code was used or a grant ended", master.Snapshots), keepsAll,
		})
	case redis.LossUnknown:
		findings = append(findings, Finding{
			Note, subject, "does not let this user see whether it keeps records", "check appendonly yes and maxmemory-policy noeviction there, or grant +info and +config|get",
		})
	case redis.LossNone:
		if len(findings) == 0 {
			findings = append(findings, Finding{Severity: OK, Subject: subject, Detail: "writes every change to disk, and deletes no record for want of memory"})
		}
	}
	return findings
}
