/**
 * Why Directus cannot be used as the user right now:
 *
 * - `sign-in`: only another sign-in helps,
 * - `away`: Directus or the provider does not answer, and will again,
 * - `forbidden`: the user, or this app for him, may not do that.
 */
export type DirectusProblemKind = "sign-in" | "away" | "forbidden";

/** Something that people are told in words. Anything else is a mistake, and stays an error. */
export class DirectusProblem extends Error {
  constructor(
    readonly kind: DirectusProblemKind,
    message: string,
  ) {
    super(message);
    this.name = "DirectusProblem";
  }
}

/** For catch: the problem, logged; what is none is thrown on. */
export function problemOrThrow(error: unknown): DirectusProblem {
  if (!(error instanceof DirectusProblem)) throw error;
  console.error(`directus: ${error.kind}: ${error.message}`);
  return error;
}
