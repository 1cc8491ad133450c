import "server-only";
import { createItem, readItems } from "@directus/sdk";
import { asUser } from "./directus";

export const longestNote = 500;

/**
 * The user's newest notes. The filter is for what the page is about, it protects
 * nothing: who may read which rows is up to the user's policies in Directus.
 */
export function listNotes() {
  return asUser((directus) =>
    directus.request(
      readItems("notes", {
        fields: ["id", "text", "date_created"],
        filter: { user_created: { _eq: "$CURRENT_USER" } },
        sort: ["-date_created", "-id"],
        limit: 50,
      }),
    ),
  );
}

/** Adds a note. Directus writes down whose it is. */
export async function addNote(text: string): Promise<void> {
  // Longer than for a page: of a note that was given up, nobody knows whether it was added.
  await asUser((directus) => directus.request(createItem("notes", { text })), 10_000);
}
