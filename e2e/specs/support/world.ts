/** What e2e/world started; see package world, whose JSON this is. */
export interface World {
  store: "bolt" | "redis";
  issuer: string;
  project: string;
  /** Gatehouse has a token that may write users. */
  writes: boolean;
  /** People may change their own row in Directus. */
  own: boolean;
  directus: {
    url: string;
    version: string;
    adminToken: string;
    customerRole: string;
    adminRole: string;
    enforcingPolicy: string;
    ownPolicy: string;
  };
  mail: string;
  shop: App;
  club: App;
  /** The operator's own, asks for no consent; its pages say nothing, but hear of sign-outs. */
  portal: App & { clientSecret: string };
  native: { name: string; clientId: string; callbackPath: string };
  /** As native, and open to those alone whose title in Directus is Editor. */
  editors: { name: string; clientId: string; callbackPath: string };
  people: { normal: Person; otp: Person & { otpSecret: string }; suspended: Person; elsewhere: Person };
}

export interface App {
  name: string;
  url: string;
  clientId: string;
}

export interface Person {
  id: string;
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

export const world: World = read();

function read(): World {
  const description = process.env.GATEHOUSE_WORLD;
  if (!description) throw new Error("There is no world. Start the specs with e2e/specs/run.");
  return JSON.parse(description);
}

/** An address of the provider. */
export function issuerURL(path: string): string {
  return world.issuer + path;
}
