import { hash, timingSafeEqual } from "node:crypto";
import type { Secret } from "../artifact/secret.ts";
import type { IncomingRequest } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import type { SourceOptions } from "./source.ts";

const SCHEME = /^(?:Bearer|Basic) +/i;
const BASIC = /^Basic +/i;

const sha256 = (bytes: Uint8Array | string): Uint8Array => hash("sha256", bytes, "buffer");

/** An empty variable is a mistake, not a secret that everybody knows. */
export const usableSecrets = ({ secrets }: SourceOptions): readonly Secret[] =>
  secrets.filter((secret) => secret.revealBytes().length > 0);

/** A secret is read again for each request, and is mostly the one of the request before. */
const hashed = new WeakMap<Secret, Uint8Array>();
const hashOf = (secret: Secret): Uint8Array => {
  const known = hashed.get(secret) ?? sha256(secret.revealBytes());
  hashed.set(secret, known);
  return known;
};

// Hashing first hides the length as well; every pair is compared, so the time does not tell what matched.
const matchesAny = (readings: readonly string[], secrets: readonly Secret[]): boolean => {
  const known = secrets.map(hashOf);
  return readings
    .map((reading) => sha256(reading))
    .flatMap((given) => known.map((each) => timingSafeEqual(given, each)))
    .some((equal) => equal);
};

/** A secret may be configured as the whole header value, as the token, as `user:password` or as the password. */
const readingsOf = (value: string): readonly string[] => {
  if (!BASIC.test(value)) return [value, value.replace(SCHEME, "")];
  const credentials = Buffer.from(value.replace(BASIC, ""), "base64").toString("utf8");
  return [value, credentials, credentials.slice(credentials.indexOf(":") + 1)];
};

const judge = (value: string | undefined, secrets: readonly Secret[]): AuthenticationResult => {
  if (value === undefined || value === "") return { authentic: false, reason: "secret-missing" };
  return matchesAny(readingsOf(value), secrets)
    ? { authentic: true, by: "shared-secret" }
    : { authentic: false, reason: "secret-wrong" };
};

const headerOf = ({ headers }: IncomingRequest, { header }: SourceOptions): string | undefined =>
  headers[header?.toLowerCase() ?? "authorization"];

/** Nothing to check against: open only where the configuration says so in words. */
export const withoutSecret = ({ unauthenticated }: SourceOptions): AuthenticationResult =>
  unauthenticated === true
    ? { authentic: true, by: "none" }
    : { authentic: false, reason: "no-secret-configured" };

/** Compares the configured header (default `Authorization`) with the secrets. */
export const authenticateHeader = (
  request: IncomingRequest,
  options: SourceOptions,
): AuthenticationResult => {
  const secrets = usableSecrets(options);
  if (secrets.length === 0) return withoutSecret(options);
  return judge(headerOf(request, options), secrets);
};

const QUERY_PARAMETER = "secret";

/** For senders that may have a header of their own or only an address: `?secret=…` goes before the header. */
export const authenticateHeaderOrQuery = (
  request: IncomingRequest,
  options: SourceOptions,
): AuthenticationResult => {
  const secrets = usableSecrets(options);
  if (secrets.length === 0) return withoutSecret(options);
  const inQuery = new URLSearchParams(request.query).get(QUERY_PARAMETER) ?? undefined;
  return judge(inQuery ?? headerOf(request, options), secrets);
};

/** As it was sent and as it was meant: a secret may hold characters that an address escapes. */
const readingsOfLastSegment = (path: string): readonly string[] => {
  const segment = path.slice(path.lastIndexOf("/") + 1);
  try {
    return [segment, decodeURIComponent(segment)];
  } catch {
    return [segment];
  }
};

/**
 * For senders that can prove nothing: the address they were given ends in a secret. Addresses end up in logs and
 * histories, so this keeps strangers out and still counts as a hint.
 */
export const authenticateAddress = (
  request: IncomingRequest,
  options: SourceOptions,
): AuthenticationResult => {
  const secrets = usableSecrets(options);
  if (secrets.length === 0) return withoutSecret(options);
  const readings = readingsOfLastSegment(request.path);
  if (readings.includes("")) return { authentic: false, reason: "secret-missing" };
  return matchesAny(readings, secrets)
    ? { authentic: true, by: "none" }
    : { authentic: false, reason: "secret-wrong" };
};
