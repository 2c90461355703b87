import { PipelineError } from "../errors.ts";
import type { TokenRule } from "./token.ts";
import { createTokenKeys, type FetchJson } from "./token-keys.ts";

export interface TokenSettings {
  readonly source: "gar" | "acr-eventgrid";
  readonly audience: string;
  readonly issuer?: string | undefined;
  readonly email?: string | undefined;
  readonly authorizedParty?: string | undefined;
  /** For issuers of other clouds, whose address we do not know. */
  readonly keysUrl?: string | undefined;
}

const GOOGLE_ISSUERS = ["https://accounts.google.com", "accounts.google.com"];
const GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs";
const TENANT = "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})";
const ENTRA_ISSUER = new RegExp(
  `^https://(?:login\\.microsoftonline\\.com/${TENANT}/v2\\.0|sts\\.windows\\.net/${TENANT})/?$`,
);

interface Issuer {
  readonly spellings: readonly string[];
  readonly keysUrl: string;
}

const parseGoogle = (issuer: string | undefined): Issuer | undefined =>
  issuer === undefined || GOOGLE_ISSUERS.includes(issuer)
    ? { spellings: GOOGLE_ISSUERS, keysUrl: GOOGLE_KEYS }
    : undefined;

/** One tenant has two issuers: which one a token has depends on its version, not on who asked for it. */
const parseEntra = (issuer: string | undefined): Issuer | undefined => {
  const match = ENTRA_ISSUER.exec(issuer ?? "");
  const tenant = match?.[1] ?? match?.[2];
  if (tenant === undefined) return undefined;
  return {
    spellings: [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
    keysUrl: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
  };
};

const parseIssuer = ({ source, issuer, keysUrl }: TokenSettings): Issuer | undefined => {
  const known = source === "gar" ? parseGoogle(issuer) : parseEntra(issuer);
  if (keysUrl === undefined) return known;
  if (known !== undefined) return { ...known, keysUrl };
  return issuer === undefined || issuer === "" ? undefined : { spellings: [issuer], keysUrl };
};

/** The token rule of a configured source; where keys are read follows from its settings, never from a token. */
export const createTokenRule = (settings: TokenSettings, fetchJson: FetchJson): TokenRule => {
  const { source, audience, email, authorizedParty } = settings;
  const issuer = parseIssuer(settings);
  if (issuer === undefined) {
    const problem = settings.issuer === undefined ? "is missing" : "is not known; name its keysUrl as well";
    throw new PipelineError(`${source}: issuer ${problem}`, { code: "CONFIG_INVALID" });
  }
  return {
    issuers: issuer.spellings,
    audience,
    ...(email !== undefined && { email }),
    ...(authorizedParty !== undefined && { authorizedParty }),
    keys: createTokenKeys(issuer.keysUrl, fetchJson),
  };
};
