import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { World, accepted, ada, audience, ec, ed, environment, issuer, pair, rsa } from './support.js';

for (const by of [rsa, ec, ed]) {
  test(`a token signed by ${by.alg} is taken`, async () => {
    const world = new World();
    assert.deepEqual(await world.rest(world.token({ by })), accepted);
    assert.deepEqual(await world.socket(world.token({ by })), accepted);
  });
}

test('a token signed by PS256 is taken', async () => {
  const world = new World({ keys: [{ jwk: { ...rsa.jwk, alg: undefined } }] });
  assert.deepEqual(await world.rest(world.token({ header: { alg: 'PS256' } })), accepted);
});

for (const [name, options] of Object.entries({
  'typ application/at+jwt': { header: { typ: 'application/AT+JWT' } },
  'one audience': { claims: { aud: audience } },
  'clocks apart': { claims: { iat: Date.parse('2026-03-01T12:00:20Z') / 1000, exp: Date.parse('2026-03-01T11:59:40Z') / 1000 } },
  'nbf': { claims: { nbf: Date.parse('2026-03-01T12:00:00Z') / 1000 } },
})) {
  test(`${name} is taken`, async () => {
    const world = new World();
    assert.deepEqual(await world.rest(world.token(options)), accepted);
  });
}

const stranger = pair('RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), rsa.kid);
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });

for (const [name, { reason, ...options }] of Object.entries({
  'no header': { mangle: (token) => token.replace(/^[^.]*/, 'bnVsbA'), reason: 'it has no header' },
  'alg none': { header: { alg: 'none' }, reason: 'its algorithm is not allowed' },
  'alg None': { mangle: (token) => header(token, { alg: 'None' }), reason: 'its algorithm is not allowed' },
  'HS256 with the public key as secret': { header: { alg: 'HS256' }, key: pem, reason: 'its algorithm is not allowed' },
  'HS256 with the modulus as secret': { header: { alg: 'HS256' }, key: rsa.jwk.n, reason: 'its algorithm is not allowed' },
  'alg as a list': { mangle: (token) => header(token, { alg: ['RS256'] }), reason: 'its algorithm is not allowed' },
  'no alg': { mangle: (token) => header(token, { alg: undefined }), reason: 'its algorithm is not allowed' },
  'an ID token': { header: { typ: 'JWT' }, claims: { aud: audience, nonce: 'n' }, reason: 'it is no access token' },
  'no typ': { header: { typ: undefined }, reason: 'it is no access token' },
  'a logout token': { header: { typ: 'logout+jwt' }, reason: 'it is no access token' },
  'a critical header': { header: { crit: ['exp'] }, reason: 'it has critical headers' },
  'an unencoded payload': { header: { b64: false }, reason: 'it has critical headers' },
  'no key id': { header: { kid: undefined }, reason: 'it names no key' },
  'an unknown key id': { header: { kid: 'another' }, reason: 'its key is not known' },
  'the key of another type': { header: { kid: ec.kid }, reason: 'its key is not known' },
  'an RSA key for another algorithm': { header: { alg: 'PS256' }, reason: 'its key is not known' },
  'a stranger with the same key id': { key: stranger.privateKey, reason: 'its signature is wrong' },
  'a key of its own in the header': { key: stranger.privateKey, header: { jwk: stranger.jwk, jku: 'https://evil.example/keys' }, reason: 'its signature is wrong' },
  'no signature': { mangle: (token) => token.slice(0, token.lastIndexOf('.') + 1), reason: 'its signature is wrong' },
  'another payload': { mangle: (token, world) => payload(token, world.claims({ sub: 'b'.repeat(8) })), reason: 'its signature is wrong' },
  'an ES256 signature of another form': { by: ec, mangle: (token) => `${token}AAAA`, reason: 'its signature is wrong' },
  'another audience': { claims: { aud: ['https://other.example.com', issuer] }, reason: 'it is for another audience' },
  'part of the audience': { claims: { aud: `${audience}/sub` }, reason: 'it is for another audience' },
  'no audience': { claims: { aud: undefined }, reason: 'it is for another audience' },
  'an expired one': { claims: { exp: Date.parse('2026-03-01T11:59:29Z') / 1000 }, reason: 'it has expired' },
  'no exp': { claims: { exp: undefined }, reason: 'it has expired' },
  'exp in words': { claims: { exp: '99999999999' }, reason: 'it has expired' },
  'iat in the future': { claims: { iat: Date.parse('2026-03-01T12:00:31Z') / 1000 }, reason: 'it was issued in the future' },
  'no iat': { claims: { iat: undefined }, reason: 'it was issued in the future' },
  'nbf in the future': { claims: { nbf: Date.parse('2026-03-01T12:00:31Z') / 1000 }, reason: 'it is not valid yet' },
  'nbf in words': { claims: { nbf: 'now' }, reason: 'it is not valid yet' },
  'a pairwise subject': { claims: { sub: 'q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k' }, reason: 'its subject is no user' },
  'no subject': { claims: { sub: undefined }, reason: 'its subject is no user' },
  'a list as subject': { claims: { sub: [ada] }, reason: 'its subject is no user' },
  'more after the subject': { claims: { sub: `${ada}\n` }, reason: 'its subject is no user' },
  'client credentials': { claims: { sub: ada, client_id: ada, auth_time: undefined }, reason: 'it was given to an app, not to a person' },
  'a client named as the user': { claims: { client_id: ada }, reason: 'it was given to an app, not to a person' },
  'nobody signed in': { claims: { auth_time: undefined }, reason: 'it was given to an app, not to a person' },
  'no client': { claims: { client_id: undefined }, reason: 'it was given to an app, not to a person' },
  'bound to a key of the app': { claims: { cnf: { jkt: 'x' } }, reason: 'it is bound to a key' },
  'no scope': { claims: { scope: undefined }, reason: 'its scope does not allow it' },
  'another scope': { claims: { scope: 'openid directus.read' }, reason: 'its scope does not allow it' },
})) {
  test(`refused: ${name}`, async () => {
    const world = new World();
    const { mangle = (token) => token, ...rest } = options;
    const token = mangle(world.token(rest), world);
    assert.deepEqual(await world.rest(token), world.default());
    assert.deepEqual(await world.socket(token), world.default());
    assert.equal(world.lines.filter((line) => line === `debug gatehouse: a token was refused: ${reason}`).length, 2, world.lines.join('\n'));
    assert.ok(!world.lines.join().includes(token), 'a token in the log');
  });
}

// What is none of ours is not even looked at: Directus judges it alone.
for (const [name, make] of Object.entries({
  'another issuer': (world) => world.token({ claims: { iss: 'https://evil.example' } }),
  'the issuer with a slash': (world) => world.token({ claims: { iss: `${issuer}/` } }),
  'a token of Directus': (world) => world.token({ claims: { iss: 'directus' } }),
  'a static token': () => 'a-static-token-of-directus',
  'nothing': () => undefined,
  'an empty one': () => '',
  'dots': () => '..',
  'no JSON': () => 'YQ.YQ.YQ',
  'null': () => 'bnVsbA.bnVsbA.YQ',
  'five parts': (world) => `${world.token()}.a.b`,
  'another alphabet': (world) => world.token().replace('.', '.\n'),
  'padding': (world) => `${world.token()}=`,
  'oversize': (world) => world.token({ claims: { filler: 'x'.repeat(8192) } }),
})) {
  test(`left alone: ${name}`, async () => {
    const world = new World();
    const token = make(world);
    const before = world.default();
    assert.equal(await world.rest(token, { before }), before);
    assert.deepEqual(await world.socket(token), world.default());
    assert.deepEqual(world.asked, []);
    assert.equal(world.queries, 0);
  });
}

test('left alone: tokens in the query, in a cookie, or with another scheme', async () => {
  const world = new World();
  const token = world.token();
  for (const headers of [{}, { cookie: `directus_session_token=${token}` }, { authorization: `DPoP ${token}` }, { authorization: `Bearer  ${token}` }, { authorization: `Bearer ${token} x` }]) {
    // Directus puts what it finds in any of them into req.token.
    const req = { headers, token, query: { access_token: token } };
    assert.deepEqual(await world.filters.authenticate(world.default(), { req }, {}), world.default());
  }
});

test('requests and messages without anything are left alone', async () => {
  const world = new World();
  assert.deepEqual(await world.filters.authenticate(world.default(), { req: {} }, undefined), world.default());
  assert.deepEqual(await world.filters['websocket.authenticate'](world.default(), {}, undefined), world.default());
});

test('what another extension decided stands', async () => {
  const world = new World();
  const before = { ...world.default(), user: 'somebody' };
  assert.equal(await world.rest(world.token(), { before }), before);
});

test('no scope is asked for where the settings say so', async () => {
  const world = new World({ env: { ...environment, GATEHOUSE_SCOPE: '-' } });
  assert.deepEqual(await world.rest(world.token({ claims: { scope: undefined } })), accepted);
});

test('fewer algorithms can be allowed', async () => {
  const world = new World({ env: { ...environment, GATEHOUSE_ALGORITHMS: 'ES256' } });
  assert.deepEqual(await world.rest(world.token()), world.default());
  assert.deepEqual(await world.rest(world.token({ by: ec })), accepted);
});

function header(token, changed) {
  const [head, ...rest] = token.split('.');
  const value = { ...JSON.parse(Buffer.from(head, 'base64url')), ...changed };
  return [Buffer.from(JSON.stringify(value)).toString('base64url'), ...rest].join('.');
}

function payload(token, claims) {
  const [head, , signature] = token.split('.');
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}
