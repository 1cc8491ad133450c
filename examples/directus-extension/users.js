// What Directus itself knows of the user: a token says who it is, and the
// database whether he may still come in.

// With the time that an answer takes, a suspended user is out within 5 seconds.
const LIFETIME = 4000;
const MAX_KEPT = 10_000;
// Directus draws no tree that deep.
const MAX_DEPTH = 100;

/**
 * Looks users up and remembers each for LIFETIME. `elapsed` is a clock that never
 * goes back.
 *
 * `look` answers `{user, role, roles}`, or `{refused}` with the reason. It
 * rejects if the database does.
 */
export function createUsers({ elapsed }) {
  const kept = new Map();
  const model = {};
  return {
    look(database, id) {
      const known = kept.get(id);
      if (known !== undefined && elapsed() - known.at < LIFETIME) return known.answer;
      // At the time of the question, so that a change on the way is not kept longer.
      const entry = { at: elapsed(), answer: load(database, id, model) };
      kept.delete(id);
      kept.set(id, entry);
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
      entry.answer.catch(() => {
        if (kept.get(id) === entry) kept.delete(id);
      });
      return entry.answer;
    },
  };
}

async function load(database, id, model) {
  const user = await database.select('id', 'status', 'role').from('directus_users').where({ id }).first();
  if (user === undefined || String(user.id).toLowerCase() !== id.toLowerCase()) return { refused: 'there is no such user' };
  if (user.status !== 'active') return { refused: 'the user is not active' };
  // Directus 10 has no policies; what a role may do stands in the role.
  model.policies ??= await database.schema.hasTable('directus_access');
  const roles = model.policies ? await rolesOf(database, user.role) : [user.role].filter(Boolean);
  const flags = model.policies ? await policyFlags(database, user.id, roles) : await roleFlags(database, roles);
  // Directus keeps answers by user and path, not by token (CACHE_ENABLED). If such a
  // user came in here without his powers, he could be given what the cache
  // holds from when he had them: so he does not come in at all.
  if (flags.some(({ admin_access: admin, app_access: app }) => Boolean(admin) || Boolean(app))) {
    return { refused: 'the user has administrator or Studio access' };
  }
  return { user: user.id, role: user.role ?? null, roles };
}

// rolesOf walks from the role to the root, and returns the root first, as
// Directus does: the policies of every role above count.
async function rolesOf(database, role) {
  const roles = [];
  for (let next = role; next; ) {
    const row = await database.select('id', 'parent').from('directus_roles').where({ id: next }).first();
    if (row === undefined) break;
    if (roles.includes(row.id) || roles.length === MAX_DEPTH) throw new Error('the roles go round in circles');
    roles.unshift(row.id);
    next = row.parent;
  }
  return roles;
}

// policyFlags takes every policy of the user and his roles, whatever address it
// is limited to (ip_access): the cache does not tell addresses apart either.
function policyFlags(database, id, roles) {
  return database
    .select('directus_policies.admin_access', 'directus_policies.app_access')
    .from('directus_access')
    .join('directus_policies', 'directus_access.policy', 'directus_policies.id')
    .where('directus_access.user', id)
    .orWhereIn('directus_access.role', roles);
}

function roleFlags(database, roles) {
  return database.select('admin_access', 'app_access').from('directus_roles').whereIn('id', roles);
}
