import { randomBytes } from "node:crypto";
import { signCertificate, toPem } from "../../../functions/local/playground/sigstore/certificate.ts";
import {
  basicConstraints,
  generalName,
  keyUsage,
  subjectAltName,
} from "../../../functions/local/playground/sigstore/extensions.ts";
import { createKeyPair } from "../../../functions/local/playground/sigstore/keys.ts";

const DAY_MS = 86_400_000;

export interface Leaf {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  issue(...dnsNames: readonly string[]): Leaf;
}

/** A certificate authority for TLS, in memory. */
export const createAuthority = (commonName: string): Authority => {
  const key = createKeyPair();
  const subject = { commonName };
  const validity = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + DAY_MS };
  const extensions = [keyUsage(5, 6), basicConstraints(true)];
  const serial = (): Uint8Array => Uint8Array.of(1, ...randomBytes(8));
  const root = { serial: serial(), issuer: subject, subject, ...validity, spki: key.spki, extensions };
  return {
    certificate: toPem(signCertificate(root, key)),
    issue: (...dnsNames) => {
      const leafKey = createKeyPair();
      const leaf = {
        serial: serial(),
        issuer: subject,
        subject: { commonName: dnsNames[0] ?? "" },
        ...validity,
        spki: leafKey.spki,
        extensions: [keyUsage(0), subjectAltName(...dnsNames.map(generalName.dns))],
      };
      return { certificate: toPem(signCertificate(leaf, key)), key: leafKey.privatePem };
    },
  };
};
