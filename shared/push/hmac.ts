import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingRequest } from "../ports.ts";
import type { AuthenticationResult } from "./authentication.ts";
import { usableSecrets, withoutSecret } from "./shared-secret.ts";
import type { SourceOptions } from "./source.ts";

export interface HmacScheme {
  readonly algorithm: "sha256" | "sha1";
  /** In lower case. */
  readonly header: string;
  /** What stands before the hex digits. */
  readonly prefix: string;
  /** The bytes a sender may have signed, for those that sign another form than they send. */
  readonly signedForms?: (body: Uint8Array) => readonly Uint8Array[];
}

const HEX_DIGITS = { sha256: 64, sha1: 40 } as const;

const parseSignature = (value: string, { algorithm, prefix }: HmacScheme): Uint8Array | undefined => {
  if (!value.startsWith(prefix)) return undefined;
  const hex = value.slice(prefix.length);
  // Buffer.from stops at the first digit that is none; a short signature must not be compared as a short one.
  if (hex.length !== HEX_DIGITS[algorithm] || !/^[0-9a-f]+$/i.test(hex)) return undefined;
  return Buffer.from(hex, "hex");
};

/** Checks a keyed hash over the raw body against each secret, in constant time. */
export const authenticateHmac = (
  request: IncomingRequest,
  options: SourceOptions,
  scheme: HmacScheme,
): AuthenticationResult => {
  const secrets = usableSecrets(options);
  if (secrets.length === 0) return withoutSecret(options);
  const value = request.headers[scheme.header];
  if (value === undefined || value === "") return { authentic: false, reason: "signature-missing" };
  const signature = parseSignature(value, scheme);
  if (signature === undefined) return { authentic: false, reason: "signature-malformed" };
  const forms = scheme.signedForms?.(request.body) ?? [request.body];
  const matched = secrets
    .flatMap((secret) =>
      forms.map((form) =>
        timingSafeEqual(signature, createHmac(scheme.algorithm, secret.revealBytes()).update(form).digest()),
      ),
    )
    .some((equal) => equal);
  return matched ? { authentic: true, by: "signature" } : { authentic: false, reason: "signature-wrong" };
};
