import { discoveryURL, setting } from "./settings";

interface ProviderMetadata {
  issuer: string;
  token_endpoint: string;
  userinfo_endpoint: string;
  end_session_endpoint?: string;
}

const keepFor = 10 * 60 * 1000;
let known: { metadata: ProviderMetadata; until: number } | undefined;

/** Where the provider's endpoints are, from its discovery document. */
export async function providerMetadata(): Promise<ProviderMetadata> {
  if (known && known.until > Date.now()) return known.metadata;

  const response = await fetch(discoveryURL(), {
    cache: "no-store",
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`discovery answered ${response.status}`);

  const metadata: ProviderMetadata = await response.json();
  const issuer = setting("GATEHOUSE_ISSUER");
  // OIDC Discovery, section 4.3. Secrets go to these addresses, so a document
  // of another issuer is refused.
  if (metadata.issuer !== issuer) {
    throw new Error(`discovery names the issuer ${metadata.issuer}, GATEHOUSE_ISSUER is ${issuer}`);
  }
  known = { metadata, until: Date.now() + keepFor };
  return metadata;
}
