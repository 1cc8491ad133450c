// Settings come from the environment of Directus. There is no default for what
// decides who is believed: without an issuer and an audience the extension does
// nothing.

// Every algorithm here is asymmetric. HS256 and none are not in the list, and
// nothing that a token or a key set says can put them there (RFC 8725, 3.1).
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/**
 * Reads the settings, or says by `problem` why there are none.
 *
 * @param {Record<string, unknown>} env
 */
export function readSettings(env) {
  const issuer = text(env.GATEHOUSE_ISSUER);
  const audience = text(env.GATEHOUSE_AUDIENCE);
  if (issuer === '') return { problem: 'GATEHOUSE_ISSUER is not set' };
  if (audience === '') return { problem: 'GATEHOUSE_AUDIENCE is not set' };
  if (!isIssuer(issuer)) {
    return { problem: 'GATEHOUSE_ISSUER must be an https address (http on this machine only) without query, fragment and credentials' };
  }
  // Directus's own tokens say "directus"; an audience that is the issuer would let
  // tokens in that were made for userinfo.
  if (audience === issuer) return { problem: 'GATEHOUSE_AUDIENCE must not be the issuer: every access token with scope openid names that' };
  const algorithms = list(env.GATEHOUSE_ALGORITHMS, ALGORITHMS);
  if (algorithms.length === 0 || algorithms.some((name) => !ALGORITHMS.includes(name))) {
    return { problem: `GATEHOUSE_ALGORITHMS may name ${ALGORITHMS.join(', ')}` };
  }
  // "-" stands for no scope at all: an empty variable looks like one that was
  // forgotten, and must not open anything.
  const scope = text(env.GATEHOUSE_SCOPE) || 'directus';
  return { issuer, audience, algorithms, scope: scope === '-' ? '' : scope };
}

// isSecure says whether an address may be asked: https, or http on this machine.
function isSecure(url) {
  if (url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

function isIssuer(issuer) {
  const url = parse(issuer);
  return url !== undefined && isSecure(url) && !issuer.includes('?') && !issuer.includes('#');
}

function parse(address) {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

// Directus makes lists and numbers of variables that look like them.
function text(value) {
  if (Array.isArray(value)) return value.join(',').trim();
  return value === undefined || value === null ? '' : String(value).trim();
}

function list(value, otherwise) {
  const names = text(value).split(',').map((name) => name.trim()).filter((name) => name !== '');
  return names.length > 0 ? names : otherwise;
}
