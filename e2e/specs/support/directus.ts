import { randomBytes } from "node:crypto";
import { type Person, world } from "./world";

// What an administrator does in Directus, through its API.

/** Creates somebody whom no other spec knows. */
export async function createPerson(firstName = "Grace", lastName = "Hopper"): Promise<Person> {
  const person = {
    email: `${firstName.toLowerCase()}.${randomBytes(6).toString("hex")}@example.com`,
    password: `not a secret ${randomBytes(6).toString("hex")}`,
    firstName,
    lastName,
  };
  const created = await call("POST", "/users", {
    email: person.email,
    password: person.password,
    first_name: firstName,
    last_name: lastName,
    role: world.directus.customerRole,
    status: "active",
  });
  return { id: created.id, ...person };
}

export async function setStatus(person: Person, status: "active" | "suspended"): Promise<void> {
  await call("PATCH", `/users/${person.id}`, { status });
}

async function call(method: string, path: string, body: object): Promise<{ id: string }> {
  const answer = await fetch(world.directus.url + path, {
    method,
    headers: { authorization: `Bearer ${world.directus.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: Directus answered ${answer.status}: ${text}`);
  return JSON.parse(text).data;
}
