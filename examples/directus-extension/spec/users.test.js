import assert from 'node:assert/strict';
import test from 'node:test';
import { createSockets } from '../sockets.js';
import { World, accepted, ada, customers, ip, people } from './support.js';

test('the row is kept for four seconds, and not longer', async () => {
  const world = new World();
  assert.deepEqual(await world.rest(world.token()), accepted);
  const queries = world.queries;
  world.tables.directus_users[0].status = 'suspended';
  world.pass(3.9);
  assert.deepEqual(await world.rest(world.token()), accepted);
  assert.equal(world.queries, queries);
  world.pass(0.1);
  assert.deepEqual(await world.rest(world.token()), world.default());
  assert.deepEqual(await world.socket(world.token()), world.default());
});

for (const status of ['suspended', 'archived', 'invited', 'draft', 'unverified', 'inactive-license', 'Active', '', null]) {
  test(`refused: status ${status}`, async () => {
    const world = new World({ users: [{ id: ada, status, role: customers }] });
    assert.deepEqual(await world.rest(world.token()), world.default());
  });
}

test('refused: a user who was deleted', async () => {
  const world = new World({ users: [] });
  assert.deepEqual(await world.rest(world.token()), world.default());
});

test('a user without a role is taken, and has none', async () => {
  const world = new World({ users: [{ id: ada, status: 'active', role: null }] });
  assert.deepEqual(await world.rest(world.token()), { ...accepted, role: null, roles: [] });
});

for (const [holder, to] of Object.entries({ 'the user': { user: ada }, 'the role': { role: customers }, 'the role above': { role: people } })) {
  for (const flag of ['admin_access', 'app_access']) {
    for (const value of [true, 1]) {
      test(`refused: ${flag} (${value}) by a policy of ${holder}`, async () => {
        const world = new World();
        world.holds({ to, with: { [flag]: value } });
        assert.deepEqual(await world.rest(world.token()), world.default());
        assert.deepEqual(await world.socket(world.token()), world.default());
      });
    }
  }
  test(`a policy without such access of ${holder} does not matter`, async () => {
    const world = new World();
    world.holds({ to, with: { admin_access: 0, app_access: null } });
    assert.deepEqual(await world.rest(world.token()), accepted);
  });
}

test('what others hold does not matter', async () => {
  const world = new World();
  world.holds({ to: { role: 'another' }, with: { admin_access: true } });
  assert.deepEqual(await world.rest(world.token()), accepted);
});

for (const flag of ['admin_access', 'app_access']) {
  test(`Directus 10: refused: ${flag} of the role`, async () => {
    const world = new World({ ten: true });
    world.tables.directus_roles[0][flag] = 1;
    assert.deepEqual(await world.rest(world.token()), world.default());
  });
}

test('Directus 10: the role counts alone', async () => {
  const world = new World({ ten: true });
  assert.deepEqual(await world.rest(world.token()), { ...accepted, roles: [customers] });
});

test('refused: roles that go round in circles', async () => {
  const world = new World();
  world.tables.directus_roles[1].parent = customers;
  assert.deepEqual(await world.rest(world.token()), world.default());
});

test('a database that fails lets nobody in, says nothing of itself, and is asked again', async () => {
  const world = new World();
  world.broken = true;
  assert.deepEqual(await world.rest(world.token()), world.default());
  assert.deepEqual(world.lines.slice(-1), ['warn gatehouse: a token could not be checked, and was refused']);
  world.broken = false;
  assert.deepEqual(await world.rest(world.token()), accepted);
});

test('the accountability that Directus made is left as it was', async () => {
  const world = new World();
  const before = Object.freeze({ ...world.default(), userAgent: 'a browser', origin: 'https://shop.example.com' });
  assert.deepEqual(await world.rest(world.token(), { before }), { ...accepted, ip, userAgent: 'a browser', origin: 'https://shop.example.com' });
});

test('nobody comes in as administrator or with Studio access, whatever stood there before', async () => {
  const world = new World();
  assert.deepEqual(await world.rest(world.token(), { before: { ...world.default(), admin: true, app: true } }), accepted);
});

class Socket {
  closed = 0;
  constructor(accountability) {
    this.accountability = accountability;
  }
  close() {
    this.closed++;
  }
}

function sockets(look) {
  const timer = { runs: 0, unref() {} };
  const made = createSockets({ look, every: () => (timer.runs++, timer), stop: () => timer.runs-- });
  return { made, timer };
}

test('an open socket is closed when its user may not come in any more', async () => {
  let found = { user: ada, role: customers, roles: [people, customers] };
  const { made, timer } = sockets(async () => found);
  const socket = new Socket(made.mark({ ...found }));
  made.opened(socket);
  made.opened(socket);
  await made.sweep();
  assert.equal(socket.closed, 0);
  assert.equal(timer.runs, 1);
  found = { refused: 'the user is not active' };
  await made.sweep();
  assert.equal(socket.closed, 1);
  assert.equal(timer.runs, 0, 'nobody is left to look after');
  await made.sweep();
  assert.equal(socket.closed, 1);
});

for (const [name, change] of Object.entries({
  'another role': async () => ({ user: ada, role: people, roles: [people] }),
  'another role above': async () => ({ user: ada, role: customers, roles: [customers] }),
  'a database that fails': async () => { throw new Error('away'); },
})) {
  test(`an open socket is closed by ${name}`, async () => {
    const { made } = sockets(change);
    const socket = new Socket(made.mark({ user: ada, role: customers, roles: [people, customers] }));
    made.opened(socket);
    await made.sweep();
    assert.equal(socket.closed, 1);
  });
}

test('sockets of others are never touched', async () => {
  const { made, timer } = sockets(async () => ({ refused: 'anything' }));
  const theirs = [new Socket({ user: ada }), new Socket(null), new Socket(undefined)];
  for (const socket of theirs) made.opened(socket);
  assert.equal(timer.runs, 0);
  const again = new Socket(made.mark({ user: ada }));
  made.opened(again);
  again.accountability = { user: ada }; // signed in with a token of Directus since
  await made.sweep();
  const gone = new Socket(made.mark({ user: ada }));
  made.opened(gone);
  made.closed(gone);
  await made.sweep();
  assert.deepEqual([...theirs, again, gone].map(({ closed }) => closed), [0, 0, 0, 0, 0]);
});

test('the hook looks after the sockets that it let in', async () => {
  const world = new World();
  const socket = new Socket(await world.socket(world.token()));
  assert.deepEqual(socket.accountability, accepted);
  world.actions['websocket.connect']({ client: socket });
  world.actions['websocket.auth.success']({ client: socket });
  world.actions['websocket.close']({ client: socket });
});
