// The issuer's public keys (RFC 7517), found by its discovery document.
//
// Keys come from there and from nowhere else: never from a header of a token
// (jwk, jku, x5c, x5u), with which an attacker would bring his own.

import { createPublicKey } from 'node:crypto';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

// Gatehouse publishes a key an hour before it signs, so this is early enough. It
// is also how long a key counts after `gatehouse keys rotate --now` took it out.
const FRESH = 5 * MINUTE;
// While the issuer cannot be reached, its last keys count for this long.
const STALE = 15 * MINUTE;
// Tokens with made-up key ids must not make us flood the issuer.
const PAUSE = 5 * SECOND;
const TIMEOUT = 3 * SECOND;
const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 100;

/**
 * Keeps the keys of one issuer. `elapsed` is a clock that never goes back.
 *
 * @returns {{find: (kid: string, algorithm: string) => Promise<import('node:crypto').KeyObject | undefined>}}
 */
export function createKeys({ issuer, fetch, elapsed, warn }) {
  let keys = [];
  let fetchedAt = -Infinity;
  let triedAt = -Infinity;
  let pending;

  function refresh() {
    if (pending === undefined && elapsed() - triedAt >= PAUSE) {
      triedAt = elapsed();
      pending = fetchKeys(issuer, fetch)
        .then((found) => {
          keys = found;
          // From before the answer: what it says may be as old as the question.
          fetchedAt = triedAt;
        })
        // Only our own words: an answer from elsewhere does not belong into a log.
        .catch((error) => warn(`the keys of ${issuer} could not be fetched: ${error instanceof Problem ? error.message : 'no answer'}`))
        .finally(() => {
          pending = undefined;
        });
    }
    return pending;
  }

  function known(kid, algorithm) {
    if (elapsed() - fetchedAt > STALE) return undefined;
    const found = keys.filter((key) => key.kid === kid && key.algorithm === algorithm);
    return found.length === 1 ? found[0].object : undefined;
  }

  return {
    async find(kid, algorithm) {
      const key = known(kid, algorithm);
      if (key === undefined) {
        await refresh();
        return known(kid, algorithm);
      }
      // Nobody waits for the issuer while the keys still count.
      if (elapsed() - fetchedAt > FRESH) void refresh();
      return key;
    },
  };
}

class Problem extends Error {}

async function fetchKeys(issuer, fetch) {
  const metadata = await getJSON(fetch, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  // OpenID Connect Discovery 1.0, section 4.3: byte for byte.
  if (metadata?.issuer !== issuer) throw new Problem('discovery names another issuer');
  const address = parse(metadata.jwks_uri);
  // The same scheme, host and port: as safe to ask as the issuer itself.
  if (address === undefined || address.origin !== new URL(issuer).origin) throw new Problem('jwks_uri leads elsewhere');
  const set = await getJSON(fetch, address.href);
  if (!Array.isArray(set?.keys) || set.keys.length > MAX_KEYS) throw new Problem('no key set');
  return set.keys.flatMap(readKey);
}

async function getJSON(fetch, address) {
  const response = await fetch(address, {
    headers: { accept: 'application/json' },
    // A redirect would lead to whoever can set one up.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status !== 200 || response.body === null) throw new Problem(`status ${response.status}`);
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Problem('the answer is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Problem('no JSON');
  }
}

function parse(address) {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

// The algorithm that a key is for, by its type: an RSA key never verifies ES256,
// and a symmetric key (kty oct) nothing at all. RSA keys may be for two.
const KINDS = [
  { kty: 'RSA', members: ['n', 'e'], algorithms: ['RS256', 'PS256'] },
  { kty: 'EC', crv: 'P-256', members: ['crv', 'x', 'y'], algorithms: ['ES256'] },
  { kty: 'OKP', crv: 'Ed25519', members: ['crv', 'x'], algorithms: ['EdDSA'] },
];

// readKey leaves out what cannot be used: a key set may hold keys of any kind.
function readKey(jwk) {
  const kind = KINDS.find(({ kty, crv }) => jwk?.kty === kty && (crv === undefined || jwk.crv === crv));
  if (kind === undefined || typeof jwk.kid !== 'string' || jwk.kid === '') return [];
  if (jwk.use !== undefined && jwk.use !== 'sig') return [];
  const members = { kty: kind.kty };
  for (const name of kind.members) {
    if (typeof jwk[name] !== 'string') return [];
    members[name] = jwk[name];
  }
  let object;
  try {
    object = createPublicKey({ key: members, format: 'jwk' });
  } catch {
    return [];
  }
  if (kind.kty === 'RSA' && object.asymmetricKeyDetails.modulusLength < 2048) return [];
  return kind.algorithms
    .filter((algorithm) => jwk.alg === undefined || jwk.alg === algorithm)
    .map((algorithm) => ({ kid: jwk.kid, algorithm, object }));
}
