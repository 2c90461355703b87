import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { CallerIdentity, Clock } from "../../ports.ts";

const TOKEN_LIFE_S = 600;
/** Receivers' clocks differ from ours. */
const BACKDATED_S = 30;
/** A token is used for this part of its life. */
const REUSED_PART = 0.8;

export interface LocalIssuerSettings {
  /** Without a slash at the end: receivers compare it as a whole. */
  readonly issuer: string;
  readonly subject: string;
  /** Private keys in PEM, the one that signs first. Read anew, so that a key that is replaced counts. */
  readonly keys: () => Promise<readonly Secret[]>;
}

/** An OpenID issuer for one caller: ourselves. It needs no login, only that receivers can fetch what it publishes. */
export interface LocalIssuer {
  readonly token: CallerIdentity;
  /** `/.well-known/openid-configuration` */
  discovery(): Readonly<Record<string, unknown>>;
  /** What `jwks_uri` names. */
  keys(): Promise<{ readonly keys: readonly JWK[] }>;
}

export const KEYS_PATH = "/openid/keys";

interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: "ES256" | "RS256";
  readonly jwk: JWK;
}

const unusable = (message: string): PipelineError =>
  new PipelineError(`identity: ${message}`, { code: "SECRET_UNAVAILABLE" });

/** Without the error: it may quote the key. */
const parseKey = (pem: Secret): KeyObject | undefined => {
  try {
    return createPrivateKey(pem.reveal());
  } catch {
    return undefined;
  }
};

const algorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningKey["algorithm"] => {
  if (asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1") return "ES256";
  if (asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return "RS256";
  throw unusable("a key must be EC P-256, or RSA of at least 2048 bits");
};

const toSigningKey = async (pem: Secret): Promise<SigningKey> => {
  const key = parseKey(pem);
  if (key === undefined) throw unusable("a key is not a private key in PEM");
  const algorithm = algorithmOf(key);
  const { calculateJwkThumbprint, exportJWK } = await import("jose");
  const bare = await exportJWK(createPublicKey(key));
  const kid = await calculateJwkThumbprint(bare);
  return { key, algorithm, jwk: { ...bare, kid, alg: algorithm, use: "sig" } };
};

/** Signs short-lived tokens, one audience each, and publishes the keys that verify them. */
export const createLocalIssuer = (settings: LocalIssuerSettings, clock: Clock): LocalIssuer => {
  const { issuer, subject } = settings;
  const tokens = new Map<
    string,
    { readonly kid: string; readonly untilMs: number; readonly token: Secret }
  >();

  const readKeys = async (): Promise<readonly SigningKey[]> =>
    Promise.all((await settings.keys()).map(toSigningKey));

  return {
    async token(audience) {
      const [first] = await settings.keys();
      if (first === undefined) throw unusable("there is no key");
      const { key, algorithm, jwk } = await toSigningKey(first);
      const { kid = "" } = jwk;
      const nowMs = clock.nowMs();
      const known = tokens.get(audience);
      if (known !== undefined && known.kid === kid && nowMs < known.untilMs) return known.token;
      const nowS = Math.floor(nowMs / 1000);
      const { SignJWT } = await import("jose");
      const signed = await new SignJWT({})
        .setProtectedHeader({ alg: algorithm, kid, typ: "JWT" })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setJti(randomUUID())
        .setNotBefore(nowS - BACKDATED_S)
        .setIssuedAt(nowS)
        .setExpirationTime(nowS + TOKEN_LIFE_S)
        .sign(key);
      const token = new Secret(signed);
      tokens.set(audience, { kid, untilMs: nowMs + TOKEN_LIFE_S * 1000 * REUSED_PART, token });
      return token;
    },
    discovery: () => ({
      issuer,
      jwks_uri: `${issuer}${KEYS_PATH}`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256", "RS256"],
    }),
    keys: async () => ({ keys: (await readKeys()).map(({ jwk }) => jwk) }),
  };
};
