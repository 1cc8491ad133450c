import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { World, accepted, ec, ed, environment, issuer, pair, rsa } from './support.js';

const discovery = `${issuer}/.well-known/openid-configuration`;
const set = `${issuer}/keys`;

test('keys are fetched once for many at a time, and kept', async () => {
  const world = new World();
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.rest(world.token())));
  assert.deepEqual(answers, Array(20).fill(accepted));
  assert.deepEqual(world.asked, [discovery, set]);
  assert.equal(world.options.redirect, 'error');
  world.pass(299);
  await world.rest(world.token());
  assert.equal(world.asked.length, 2);
  world.pass(2);
  assert.deepEqual(await world.rest(world.token()), accepted);
  assert.equal(world.asked.length, 3, 'older keys are renewed');
});

test('a new key is fetched when a token names it', async () => {
  const world = new World({ keys: [rsa] });
  await world.rest(world.token());
  world.documents[set] = { keys: [rsa.jwk, ec.jwk] };
  assert.deepEqual(await world.rest(world.token({ by: ec })), world.default(), 'too soon');
  world.pass(5);
  assert.deepEqual(await world.rest(world.token({ by: ec })), accepted);
});

test('made-up key ids do not flood the issuer', async () => {
  const world = new World();
  for (let i = 0; i < 100; i++) await world.rest(world.token({ header: { kid: `made up ${i}` } }));
  assert.equal(world.asked.length, 2);
  world.pass(5);
  for (let i = 0; i < 100; i++) await world.rest(world.token({ header: { kid: `made up ${i}` } }));
  assert.equal(world.asked.length, 4);
});

test('a key that was taken out is refused', async () => {
  const world = new World();
  assert.deepEqual(await world.rest(world.token()), accepted);
  world.documents[set] = { keys: [ec.jwk] };
  world.pass(301);
  await world.rest(world.token()); // renews in the background
  await world.rest(world.token({ by: ec }));
  assert.deepEqual(await world.rest(world.token()), world.default());
});

test('while the issuer is away its keys count for a quarter of an hour', async () => {
  const world = new World();
  await world.rest(world.token());
  world.documents[discovery] = new Error('connect ECONNREFUSED 10.0.0.7');
  world.pass(14 * 60);
  assert.deepEqual(await world.rest(world.token()), accepted);
  world.pass(61);
  assert.deepEqual(await world.rest(world.token()), world.default());
  assert.ok(world.lines.some((line) => line.startsWith('warn') && line.endsWith('could not be fetched: no answer')));
  assert.ok(!world.lines.join().includes('10.0.0.7'));
  world.documents[discovery] = { issuer, jwks_uri: set };
  world.pass(5);
  assert.deepEqual(await world.rest(world.token()), accepted);
});

for (const [name, change] of Object.entries({
  'discovery of another issuer': { [discovery]: { issuer: 'https://evil.example', jwks_uri: set } },
  'discovery with a slash more': { [discovery]: { issuer: `${issuer}/`, jwks_uri: set } },
  'keys of another origin': { [discovery]: { issuer, jwks_uri: 'https://evil.example/keys' }, 'https://evil.example/keys': { keys: [rsa.jwk] } },
  'keys without encryption': { [discovery]: { issuer, jwks_uri: 'http://id.example.com/keys' }, 'http://id.example.com/keys': { keys: [rsa.jwk] } },
  'no jwks_uri': { [discovery]: { issuer } },
  'discovery is no object': { [discovery]: null },
  'no key set': { [set]: { keys: 'none' } },
  'a list as key set': { [set]: [rsa.jwk] },
  'too many keys': { [set]: { keys: Array.from({ length: 101 }, (_, i) => ({ ...rsa.jwk, kid: i === 0 ? rsa.kid : `key ${i}` })) } },
  'the same key id twice': { [set]: { keys: [rsa.jwk, rsa.jwk] } },
  'a key for encryption': { [set]: { keys: [{ ...rsa.jwk, use: 'enc' }] } },
  'a key without id': { [set]: { keys: [{ ...rsa.jwk, kid: undefined }] } },
  'a key without modulus': { [set]: { keys: [{ ...rsa.jwk, n: undefined }] } },
  'a key that is none': { [set]: { keys: [{ ...rsa.jwk, n: '', e: '' }, null, 5] } },
  'a symmetric key': { [set]: { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: rsa.kid, alg: 'HS256' }] } },
  'a key for another algorithm': { [set]: { keys: [{ ...rsa.jwk, alg: 'ES256' }] } },
  'another curve': { [set]: { keys: [{ ...ec.jwk, crv: 'P-384', kid: rsa.kid, alg: undefined }] } },
})) {
  test(`refused: ${name}`, async () => {
    const world = new World();
    Object.assign(world.documents, change);
    assert.deepEqual(await world.rest(world.token()), world.default());
  });
}

for (const [name, make] of Object.entries({
  'an answer that is no JSON': (right) => new Response(`<${right}`),
  'an answer that is an error': (right) => new Response(right, { status: 500 }),
  'an answer that is too large': (right) => new Response(right + ' '.repeat(300 * 1024)),
})) {
  test(`refused: ${name}`, async () => {
    for (const address of [discovery, set]) {
      const world = new World();
      world.documents[address] = make(JSON.stringify(world.documents[address]));
      assert.deepEqual(await world.rest(world.token()), world.default());
    }
  });
}

test('refused: a weak key', async () => {
  const weak = pair('RS256', () => generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const world = new World({ keys: [weak] });
  assert.deepEqual(await world.rest(world.token({ by: weak })), world.default());
});

test('refused: a key of another curve', async () => {
  const wide = pair('ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }));
  const world = new World({ keys: [wide] });
  assert.deepEqual(await world.rest(world.token({ by: wide })), world.default());
});

test('the private part of a published key is not used', async () => {
  const world = new World({ keys: [{ jwk: { ...ed.jwk, d: ed.privateKey.export({ format: 'jwk' }).d } }] });
  assert.deepEqual(await world.rest(world.token({ by: ed })), accepted);
});

for (const [name, env] of Object.entries({
  'no issuer': { GATEHOUSE_AUDIENCE: 'a' },
  'no audience': { GATEHOUSE_ISSUER: issuer },
  'an empty audience': { ...environment, GATEHOUSE_AUDIENCE: ' ' },
  'the issuer as audience': { ...environment, GATEHOUSE_AUDIENCE: issuer },
  'an issuer without encryption': { ...environment, GATEHOUSE_ISSUER: 'http://id.example.com' },
  'an issuer with credentials': { ...environment, GATEHOUSE_ISSUER: 'https://a:b@id.example.com' },
  'an issuer with a query': { ...environment, GATEHOUSE_ISSUER: `${issuer}?` },
  'no address as issuer': { ...environment, GATEHOUSE_ISSUER: 'directus' },
  'an algorithm with a secret': { ...environment, GATEHOUSE_ALGORITHMS: ['RS256', 'HS256'] },
})) {
  test(`does nothing with ${name}, and says so once`, () => {
    const world = new World({ env });
    assert.deepEqual(world.filters, {});
    assert.equal(world.lines.length, 1);
    assert.match(world.lines[0], /^warn gatehouse: no token of Gatehouse is taken: GATEHOUSE_/);
    assert.ok(!world.lines[0].includes('a:b'));
  });
}

test('an issuer on this machine needs no encryption', () => {
  const world = new World({ env: { ...environment, GATEHOUSE_ISSUER: 'http://localhost:8080' } });
  assert.match(world.lines[0], /^info gatehouse: tokens of http:\/\/localhost:8080 /);
});
