// A hook of Directus that takes access tokens of Gatehouse (RFC 9068) over REST,
// GraphQL and WebSocket, besides those of Directus itself. The README says what
// it is for and what it cannot do.
//
// It must never let anybody in by mistake. So everything that is not proven leaves the
// accountability as it came: Directus then looks at the token itself, does not
// know it, and answers 401. It throws for nobody either: an error in a filter
// would be a 500 for people who have nothing to do with Gatehouse.

import { createKeys } from './keys.js';
import { readSettings } from './settings.js';
import { createSockets } from './sockets.js';
import { createJudge, readToken } from './token.js';
import { createUsers } from './users.js';

export default function register({ filter, action }, { env, logger, database }, overrides = {}) {
  const settings = readSettings(env);
  if (settings.problem !== undefined) {
    logger.warn(`gatehouse: no token of Gatehouse is taken: ${settings.problem}`);
    return;
  }
  const { fetch = globalThis.fetch, now = Date.now, elapsed = () => performance.now() } = overrides;
  const warn = (words) => logger.warn(`gatehouse: ${words}`);
  const judge = createJudge({ settings, now, keys: createKeys({ issuer: settings.issuer, fetch, elapsed, warn }) });
  const users = createUsers({ elapsed });
  const sockets = createSockets({ look: (id) => users.look(database, id) });

  async function authenticate(accountability, token, connection) {
    const refuse = (reason) => {
      logger.debug(`gatehouse: a token was refused: ${reason}`);
      return accountability;
    };
    try {
      const read = readToken(token, settings.issuer);
      // Another extension may have said already who it is.
      if (read === undefined || accountability?.user) return accountability;
      const judged = await judge(read);
      if (judged.refused !== undefined) return refuse(judged.refused);
      const found = await users.look(connection ?? database, judged.subject);
      if (found.refused !== undefined) return refuse(found.refused);
      // A copy: Directus compares what it gets with what it gave. The address stays, since
      // policies may be limited to some (ip_access).
      return sockets.mark({ ...accountability, user: found.user, role: found.role, roles: [...found.roles], admin: false, app: false });
    } catch {
      // What failed may name what was looked for: not for a log.
      warn('a token could not be checked, and was refused');
      return accountability;
    }
  }

  // Only the header counts: addresses, with tokens in the query, end up in logs and
  // histories (RFC 6750, section 2.3), and browsers send cookies by themselves.
  filter('authenticate', (accountability, { req }, context) => authenticate(accountability, bearer(req), context?.database));
  filter('websocket.authenticate', (accountability, { message }, context) => authenticate(accountability, message?.access_token, context?.database));
  action('websocket.connect', ({ client }) => sockets.opened(client));
  action('websocket.auth.success', ({ client }) => sockets.opened(client));
  action('websocket.close', ({ client }) => sockets.closed(client));
  logger.info(`gatehouse: tokens of ${settings.issuer} for ${settings.audience} are taken`);
}

function bearer(req) {
  const [scheme, token, ...rest] = String(req?.headers?.authorization ?? '').split(' ');
  return rest.length === 0 && scheme.toLowerCase() === 'bearer' ? token : undefined;
}
