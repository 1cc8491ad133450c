// Access tokens as RFC 9068 has them, judged as its section 4 asks.

import { constants, verify } from 'node:crypto';

// No header of an HTTP request is much longer.
const MAX_LENGTH = 8 * 1024;
// How far the clocks of Gatehouse and Directus may be apart, in seconds.
const SKEW = 30;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const VERIFIERS = {
  RS256: (input, key, signature) => verify('sha256', input, key, signature),
  PS256: (input, key, signature) =>
    verify('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature),
  ES256: (input, key, signature) => verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature),
  EdDSA: (input, key, signature) => verify(null, input, key, signature),
};

/**
 * Takes a token apart if it is a signed JWT that names the issuer; undefined
 * stands for all others, which are none of our business. Nothing is verified.
 */
export function readToken(token, issuer) {
  if (typeof token !== 'string' || token.length > MAX_LENGTH) return undefined;
  const parts = token.split('.');
  // Buffer takes what is no base64url, and would let one token be written in many ways.
  if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]*$/.test(part))) return undefined;
  const payload = readJSON(parts[1]);
  if (payload?.iss !== issuer) return undefined;
  return {
    header: readJSON(parts[0]),
    payload,
    input: Buffer.from(`${parts[0]}.${parts[1]}`, 'ascii'),
    signature: Buffer.from(parts[2], 'base64url'),
  };
}

function readJSON(part) {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// What the header must be before a key is looked for.
const HEADER = [
  ['it has no header', ({ header }) => header !== undefined],
  // RFC 8725, 3.1: the list is ours, so that neither "none" nor a public key used as
  // the secret of HS256 gets anywhere.
  ['its algorithm is not allowed', ({ header }, settings) => settings.algorithms.includes(header.alg)],
  // RFC 9068, section 4: an ID token of the same issuer, signed by the same key, has another.
  ['it is no access token', ({ header }) => typeof header.typ === 'string' && /^(application\/)?at\+jwt$/i.test(header.typ)],
  // RFC 7515, section 4.1.11: what we do not understand we must refuse.
  ['it has critical headers', ({ header }) => header.crit === undefined && header.b64 === undefined],
  ['it names no key', ({ header }) => typeof header.kid === 'string' && header.kid !== ''],
];

// What the claims must be once the signature is known to be good.
const CLAIMS = [
  ['it is for another audience', ({ payload }, settings) => [payload.aud].flat().includes(settings.audience)],
  ['it has expired', ({ payload }, settings, now) => Number.isFinite(payload.exp) && now < payload.exp + SKEW],
  ['it was issued in the future', ({ payload }, settings, now) => Number.isFinite(payload.iat) && payload.iat <= now + SKEW],
  ['it is not valid yet', ({ payload }, settings, now) => payload.nbf === undefined || (Number.isFinite(payload.nbf) && payload.nbf <= now + SKEW)],
  // A pairwise subject is no UUID. It must not be taken for one: it is nobody's id here.
  ['its subject is no user', ({ payload }) => typeof payload.sub === 'string' && UUID.test(payload.sub)],
  // RFC 9068, section 5: a client that acts for itself has its own id as subject, and
  // no time at which anybody signed in. It must not pass for the user of that id.
  ['it was given to an app, not to a person', ({ payload }) =>
    typeof payload.client_id === 'string' && payload.client_id !== payload.sub && Number.isFinite(payload.auth_time)],
  // RFC 9449, section 7.1; RFC 8705, section 3: such a token is worth nothing without a
  // proof that is not looked at here.
  ['it is bound to a key', ({ payload }) => payload.cnf === undefined],
  ['its scope does not allow it', ({ payload }, settings) =>
    settings.scope === '' || (typeof payload.scope === 'string' && payload.scope.split(' ').includes(settings.scope))],
];

/**
 * Returns a judge of tokens that readToken took apart. He answers `{subject}`, or
 * `{refused}` with the reason, in words without anything of the token. `now` is
 * in milliseconds.
 */
export function createJudge({ settings, keys, now }) {
  return async function judge(token) {
    const badHeader = HEADER.find(([, holds]) => !holds(token, settings));
    if (badHeader !== undefined) return { refused: badHeader[0] };
    const { alg, kid } = token.header;
    const key = await keys.find(kid, alg);
    if (key === undefined) return { refused: 'its key is not known' };
    if (!VERIFIERS[alg](token.input, key, token.signature)) return { refused: 'its signature is wrong' };
    const seconds = now() / 1000;
    const badClaim = CLAIMS.find(([, holds]) => !holds(token, settings, seconds));
    return badClaim === undefined ? { subject: token.payload.sub } : { refused: badClaim[0] };
  };
}
