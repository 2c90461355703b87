import { createHash } from "node:crypto";
import type { Secret } from "../../../shared/artifact/secret.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { DeliveryTarget } from "../../../shared/delivery/target.ts";
import type { Clock, SecretRef, SecretSource } from "../../../shared/ports.ts";

/** Sixteen bits: enough to see that it is another secret, too few to find out which. It stands in the state. */
const MARK_DIGITS = 4;
const EXPIRED = Symbol("expired");

const toMark = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, MARK_DIGITS);

const reveal = (secrets: readonly (Secret | undefined)[]): readonly string[] =>
  secrets.map((secret) => secret?.reveal() ?? "");

/** Not verified: that is for who receives it. */
const readClaims = (token: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return typeof claims === "object" && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
};

/** Tokens are replaced all the time, and the next one says the same: what counts is who says what of whom, to whom. */
const toIdentityPart = (token: string, nowMs: number): string | typeof EXPIRED => {
  const claims = readClaims(token);
  if (claims === undefined) return token;
  const { iss, sub, aud, exp } = claims;
  if (typeof exp === "number" && exp * 1000 <= nowMs) return EXPIRED;
  return JSON.stringify([iss, sub, aud]);
};

const audienceOf = (target: DeliveryTarget): string | undefined => {
  if (target.kind === "endpoint") return target.audience;
  return target.authentication.kind === "generic-oidc" ? target.authentication.audience : undefined;
};

const secretsOf = (target: DeliveryTarget): readonly (Secret | undefined)[] => {
  if (target.kind === "endpoint") return [target.url, ...target.signingKeys];
  const { authentication, signingKeys } = target;
  return authentication.kind === "generic-oidc"
    ? signingKeys
    : [authentication.token, authentication.previousToken, ...signingKeys];
};

/** The mark of what a target is shown now; undefined while it cannot be used. Throws as `SecretSource.read` does. */
export type MarkOf = (
  target: DeliveryTarget,
  /** What else it is shown or known by, such as certificates. */
  others: readonly (string | undefined)[],
) => Promise<string | undefined>;

/** Tells a receiver's secrets from those it was last shown, so that what was parked for them goes out with others. */
export const createSecretMarks = (
  { identity }: Pick<Config, "identity">,
  secrets: SecretSource,
  clock: Clock,
): MarkOf => {
  const readAll = (refs: readonly SecretRef[]) => Promise.all(refs.map((ref) => secrets.read(ref)));
  /** In a cloud the platform says who we are: there is nothing of ours that could be another. */
  const identityParts = async (audience: string): Promise<readonly (string | typeof EXPIRED)[]> => {
    if (identity === undefined) return [];
    if (identity.kind === "issuer") return reveal(await readAll(identity.keys));
    const ref = identity.tokens.get(audience);
    return ref === undefined
      ? [EXPIRED]
      : [toIdentityPart((await secrets.read(ref)).reveal().trim(), clock.nowMs())];
  };
  return async (target, others) => {
    const audience = audienceOf(target);
    const parts = [
      ...reveal(secretsOf(target)),
      ...others.map((other) => other ?? ""),
      ...(audience === undefined ? [] : await identityParts(audience)),
    ];
    const usable = parts.filter((part) => part !== EXPIRED);
    return usable.length === parts.length ? toMark(usable) : undefined;
  };
};
