import { isValidAt } from "./certificate/certificate.ts";
import type { SignedMaterial } from "./evidence/material.ts";
import type { PublicKey } from "./key/keys.ts";
import type { Signer } from "./log/log-entry.ts";
import { verifyEntries } from "./log/transparency.ts";
import { refuse } from "./refusal.ts";
import { verifyTimestamps } from "./timestamp/timestamp.ts";
import type { TrustedRoot } from "./trust/trusted-root.ts";
import { type ContentVerifier, type LogRequirement, requireEntry, timesOf } from "./verify-material.ts";

/** A key with its one encoding, by which entries and certificates are compared with it. */
export interface KnownKey {
  readonly key: PublicKey;
  readonly publicKeyInfo: Buffer;
}

/** What the log recorded: the certificate, where the signature was published with one for the key. */
const signerOf = ({ certificate }: SignedMaterial, publicKeyInfo: Buffer): Signer => {
  if (certificate === undefined) return { label: "PUBLIC KEY", der: publicKeyInfo };
  // A certificate of somebody else beside a key's signature would be taken for the signer's.
  return certificate.publicKeyInfo.equals(publicKeyInfo)
    ? { label: "CERTIFICATE", der: certificate.der }
    : refuse("key-mismatch", "certificate of another key");
};

/** When the key signed, as far as the rule wants that proved. */
const proveTimes = async (
  material: SignedMaterial,
  signer: Signer,
  key: PublicKey,
  requirement: Exclude<LogRequirement, "none">,
  root: TrustedRoot,
): Promise<readonly number[]> => {
  if (requirement === "timestamp") {
    const { timesMs, failure } = await verifyTimestamps(material.timestamps, material.timestamped, root);
    return timesMs.length === 0 ? refuse(failure ?? "no-signed-time", "no trusted timestamp") : timesMs;
  }
  const entries = await verifyEntries(material, signer, key, root);
  requireEntry(material, entries);
  return timesOf(entries);
};

/** Verifies evidence signed with a key that the rule names. Throws Refusal. */
export const verifyKeyed = async (
  material: SignedMaterial,
  { key, publicKeyInfo }: KnownKey,
  requirement: LogRequirement,
  root: TrustedRoot | undefined,
  verifyContentWith: ContentVerifier,
): Promise<void> => {
  await verifyContentWith(key, material);
  const signer = signerOf(material, publicKeyInfo);
  if (requirement === "none") return;
  if (root === undefined) return refuse("log-unknown", "no trusted root");
  const timesMs = await proveTimes(material, signer, key, requirement, root);
  const { certificate } = material;
  if (certificate !== undefined && !timesMs.every((atMs) => isValidAt(certificate, atMs)))
    refuse("certificate-expired", "the certificate beside the key's signature was not in force");
};
