import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { issuerURL, world } from "./world";

/** What came to the redirect URI, and how. */
export interface Delivery {
  method: string;
  parameters: Record<string, string>;
}

/**
 * A relying party of the specs' own, for requests that the example app never
 * sends: a native app on a loopback port (RFC 8252, section 7.3). Consent of
 * such a client is asked for every time.
 */
export class RelyingParty {
  private readonly verifier = randomBytes(32).toString("base64url");
  private readonly deliveries: Delivery[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<RelyingParty> {
    const server = createServer();
    const party = new RelyingParty(server);
    server.on("request", async (request, response) => {
      const parameters = await readParameters(request);
      const delivered = new URL(request.url ?? "/", party.origin).pathname === world.native.callbackPath;
      if (delivered) party.deliveries.push({ method: request.method ?? "", parameters });
      response.writeHead(delivered ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><html lang="en"><title>Reader</title><p id="${delivered ? "delivered" : "nothing"}">Back at the app.</p>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return party;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get redirectURI(): string {
    return this.origin + world.native.callbackPath;
  }

  /** The address of an authorization request, with parameters changed or added. */
  requestURL(changes: Record<string, string> = {}): string {
    const parameters = new URLSearchParams({
      client_id: world.native.clientId,
      redirect_uri: this.redirectURI,
      response_type: "code",
      scope: "openid email",
      state: "a state",
      nonce: "a nonce",
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...changes,
    });
    return `${issuerURL("/authorize")}?${parameters}`;
  }

  /** Waits until the page is back at the app, and returns what it brought. */
  async delivered(page: Page): Promise<Delivery> {
    await page.locator("#delivered").waitFor();
    const delivery = this.deliveries.pop();
    if (!delivery) throw new Error("The page is at the app, but nothing was delivered.");
    return delivery;
  }

  /** What the page brought behind the hash, which no server sees. */
  async deliveredInFragment(page: Page): Promise<Record<string, string>> {
    await this.delivered(page);
    return Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
  }

  /** Redeems a code and returns the claims of the ID token, unverified. */
  async redeem(code: string): Promise<Record<string, unknown>> {
    const answer = await fetch(issuerURL("/token"), {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code,
        client_id: world.native.clientId,
        redirect_uri: this.redirectURI,
        code_verifier: this.verifier,
      }),
    });
    const tokens = (await answer.json()) as Record<string, string>;
    if (!answer.ok) throw new Error(`The token endpoint answered ${answer.status} ${tokens.error}.`);
    return claimsOf(tokens.id_token);
  }
}

/** The claims of an ID token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}

async function readParameters(request: IncomingMessage): Promise<Record<string, string>> {
  if (request.method === "POST") {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
  }
  return Object.fromEntries(new URL(request.url ?? "/", "http://app").searchParams);
}
