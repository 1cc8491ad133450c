// Directus asks who somebody is when a WebSocket opens, and not again until the
// token expires. So open ones are looked after here, and closed when their user
// would not be let in any more, or has another role than when they opened.

const INTERVAL = 4000;

/** `look` answers as that of users.js. */
export function createSockets({ look, every = setInterval, stop = clearInterval }) {
  const ours = new WeakSet();
  const open = new Set();
  let timer;

  async function sweep() {
    for (const client of open) {
      // Signed in again, as somebody else or with a token of Directus.
      if (!ours.has(client.accountability)) forget(client);
      else if (!(await holds(client.accountability))) {
        forget(client);
        client.close();
      }
    }
  }

  async function holds({ user, role, roles }) {
    try {
      const found = await look(user);
      return found.refused === undefined && found.role === role && String(found.roles) === String(roles);
    } catch {
      return false;
    }
  }

  function forget(client) {
    open.delete(client);
    if (open.size === 0 && timer !== undefined) {
      stop(timer);
      timer = undefined;
    }
  }

  return {
    /** Marks an accountability that we made. */
    mark(accountability) {
      ours.add(accountability);
      return accountability;
    },
    opened(client) {
      if (client?.accountability === undefined || client.accountability === null || !ours.has(client.accountability)) return;
      open.add(client);
      if (timer === undefined) {
        timer = every(() => void sweep(), INTERVAL);
        timer.unref?.();
      }
    },
    closed(client) {
      forget(client);
    },
    sweep,
  };
}
