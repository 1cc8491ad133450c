// An issuer, a Directus and its database, as far as the extension sees them.

import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import register from '../index.js';

export const issuer = 'https://id.example.com';
export const audience = 'https://directus.example.com';
export const environment = { GATEHOUSE_ISSUER: issuer, GATEHOUSE_AUDIENCE: audience };
export const ada = '6a0cc5f8-0d0a-4a43-9f6b-3d2f6e1f2a10';
export const customers = '1fd7b6d0-5f1c-4d1b-8b1e-1d8a9d5f0c22';
export const people = '0b1f0a52-9d9f-4b52-8f53-6f9ef7d3b7aa';
export const ip = '198.51.100.7';

export const rsa = pair('RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }));
export const ec = pair('ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
export const ed = pair('EdDSA', () => generateKeyPairSync('ed25519'));

export function pair(alg, generate, kid = `${alg} key`) {
  const { publicKey, privateKey } = generate();
  return { alg, kid, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

const signers = {
  RS256: (input, key) => sign('sha256', input, key),
  PS256: (input, key) => sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ES256: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (input, key) => sign(null, input, key),
  HS256: (input, secret) => createHmac('sha256', secret).update(input).digest(),
  none: () => Buffer.alloc(0),
};

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

// The clocks of a test: they stand still until they are moved.
export class World {
  constructor({ env = environment, keys = [rsa, ec, ed], users, ten = false } = {}) {
    this.time = Date.parse('2026-03-01T12:00:00Z');
    this.lines = [];
    this.asked = [];
    this.documents = {
      [`${issuer}/.well-known/openid-configuration`]: { issuer, jwks_uri: `${issuer}/keys` },
      [`${issuer}/keys`]: { keys: keys.map(({ jwk }) => jwk) },
    };
    this.tables = {
      directus_users: users ?? [{ id: ada, status: 'active', role: customers }],
      directus_roles: [
        { id: customers, parent: people, admin_access: false, app_access: false },
        { id: people, parent: null, admin_access: false, app_access: false },
      ],
      directus_access: ten ? undefined : [],
      directus_policies: [],
    };
    this.filters = {};
    this.actions = {};
    this.queries = 0;
    const log = (level) => (words) => this.lines.push(`${level} ${words}`);
    this.database = database(this);
    register(
      { filter: (name, run) => (this.filters[name] = run), action: (name, run) => (this.actions[name] = run) },
      { env, database: this.database, logger: { info: log('info'), warn: log('warn'), debug: log('debug') } },
      { fetch: (address, options) => this.answer(address, options), now: () => this.time, elapsed: () => this.time },
    );
  }

  async answer(address, options) {
    this.asked.push(address);
    this.options = options;
    const document = this.documents[address];
    if (document instanceof Error) throw document;
    if (document instanceof Response) return document;
    return document === undefined ? new Response('', { status: 404 }) : Response.json(document);
  }

  claims(changed = {}) {
    const now = Math.floor(this.time / 1000);
    return {
      iss: issuer, aud: [audience, issuer], sub: ada, client_id: 'shop', jti: 'a', scope: 'openid directus',
      iat: now, exp: now + 300, auth_time: now - 10, ...changed,
    };
  }

  // token signs claims; `header` and `key` are what an attacker varies.
  token({ claims = {}, header = {}, by = rsa, key } = {}) {
    const head = { alg: by.alg, typ: 'at+jwt', kid: by.kid, ...header };
    const input = `${encode(head)}.${encode(this.claims(claims))}`;
    return `${input}.${signers[head.alg](Buffer.from(input), key ?? by.privateKey).toString('base64url')}`;
  }

  default() {
    return { user: null, role: null, roles: [], admin: false, app: false, ip };
  }

  // rest is a request with a token; what comes back is what Directus goes on with.
  rest(token, { authorization = `Bearer ${token}`, before = this.default() } = {}) {
    return this.filters.authenticate(before, { req: { headers: { authorization }, token } }, { database: this.database });
  }

  socket(token) {
    return this.filters['websocket.authenticate'](this.default(), { message: { type: 'auth', access_token: token } }, { database: this.database });
  }

  pass(seconds) {
    this.time += seconds * 1000;
  }

  holds(policy) {
    this.tables.directus_access.push({ user: null, role: null, policy: 'p', ...policy.to });
    this.tables.directus_policies.push({ id: 'p', admin_access: false, app_access: false, ...policy.with });
  }
}

export const accepted = { user: ada, role: customers, roles: [people, customers], admin: false, app: false, ip };

// database is as much of knex as the extension uses.
function database(world) {
  return {
    schema: { hasTable: async (name) => world.tables[name] !== undefined },
    select: () => ({ from: (table) => query(world, table) }),
  };
}

function query(world, table) {
  const tests = [];
  let joined = (row) => row;
  const column = (name) => name.split('.').at(-1);
  const rows = async () => {
    world.queries++;
    if (world.broken) throw new Error('connection refused by 10.0.0.5');
    return (world.tables[table] ?? []).filter((row) => tests.some((test) => test(row))).map(joined);
  };
  const self = {
    where(condition, value) {
      const wanted = typeof condition === 'string' ? { [condition]: value } : condition;
      tests.push((row) => Object.entries(wanted).every(([name, is]) => row[column(name)] === is));
      return self;
    },
    whereIn: (name, values) => self.orWhereIn(name, values),
    orWhereIn(name, values) {
      tests.push((row) => values.includes(row[column(name)]));
      return self;
    },
    join(other, from, to) {
      joined = (row) => world.tables[other].find((candidate) => candidate[column(to)] === row[column(from)]);
      return self;
    },
    first: async () => (await rows())[0],
    then: (resolve, reject) => rows().then(resolve, reject),
  };
  return self;
}
