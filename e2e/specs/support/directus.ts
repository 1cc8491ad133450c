import { randomBytes } from "node:crypto";
import { type Person, world } from "./world";

// What an administrator does in Directus, through its API.

/** Somebody who does not exist yet. */
export function newPerson(firstName = "Grace", lastName = "Hopper"): Omit<Person, "id"> {
  return {
    email: `${firstName.toLowerCase()}.${randomBytes(6).toString("hex")}@example.com`,
    password: `not a secret ${randomBytes(6).toString("hex")}`,
    firstName,
    lastName,
  };
}

/** Creates somebody whom no other spec knows. */
export async function createPerson(firstName = "Grace", lastName = "Hopper", columns: object = {}): Promise<Person> {
  const person = newPerson(firstName, lastName);
  const created = await call("POST", "/users", {
    email: person.email,
    password: person.password,
    first_name: firstName,
    last_name: lastName,
    role: world.directus.customerRole,
    status: "active",
    ...columns,
  });
  return { id: created.id, ...person };
}

export async function setStatus(person: Person, status: "active" | "suspended"): Promise<void> {
  await call("PATCH", `/users/${person.id}`, { status });
}

/** Somebody who may change his own row in Directus. */
export async function createOwner(): Promise<Person> {
  const person = await createPerson("Adele", "Goldberg");
  if (!world.own) await call("POST", "/access", { user: person.id, policy: world.directus.ownPolicy });
  return person;
}

/** Has a policy ask the person for a one-time password. */
export async function enforceOTP(person: Person): Promise<void> {
  await call("POST", "/access", { user: person.id, policy: world.directus.enforcingPolicy });
}

/** What Directus has of somebody. */
export async function personByEmail(email: string): Promise<Record<string, unknown> | undefined> {
  const rows = await call("SEARCH", "/users", { query: { filter: { email: { _eq: email } }, limit: 1 } });
  return (rows as unknown as Record<string, unknown>[])[0];
}

/** The notes of somebody, as Directus has them. */
export async function notesOf(person: Person): Promise<unknown[]> {
  const rows = await call("SEARCH", "/items/notes", { query: { filter: { user_created: { _eq: person.id } } } });
  return rows as unknown as unknown[];
}

/** A token of Directus itself: what no browser may ever be given. */
export async function directusToken(person: Person): Promise<string> {
  const answer = await call("POST", "/auth/login", { email: person.email, password: person.password });
  return (answer as unknown as { access_token: string }).access_token;
}

/** Invites somebody as the Studio does; its mail leads to our page. */
export async function invite(email: string): Promise<void> {
  await call("POST", "/users/invite", { email, role: world.directus.customerRole, invite_url: `${world.issuer}/accept-invite` });
}

/** Changes the settings of the project. Only for what no other spec minds. */
export async function changeProject(settings: object): Promise<void> {
  await call("PATCH", "/settings", settings);
}

async function call(method: string, path: string, body: object): Promise<{ id: string }> {
  const answer = await fetch(world.directus.url + path, {
    method,
    headers: { authorization: `Bearer ${world.directus.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: Directus answered ${answer.status}: ${text}`);
  return text === "" ? { id: "" } : JSON.parse(text).data;
}
