import type { Certificate } from "./certificate/certificate.ts";
import { candidatePaths, checkValidity, signingPaths, type TrustPath } from "./certificate/chain.ts";
import { verifyCertificateTimestamps } from "./certificate/sct.ts";
import type { HashName } from "./encoding/oids.ts";
import { type SignedMaterial, sha256 } from "./evidence/material.ts";
import { inOrder } from "./in-order.ts";
import {
  defaultHashOf,
  importKey,
  kindOf,
  type PublicKey,
  type Thread,
  verifySignature,
} from "./key/keys.ts";
import type { Signer } from "./log/log-entry.ts";
import { type VerifiedEntry, verifyEntries } from "./log/transparency.ts";
import { createLru, type Lru } from "./lru.ts";
import { refuse } from "./refusal.ts";
import { verifyTimestamps } from "./timestamp/timestamp.ts";
import type { TrustedRoot } from "./trust/trusted-root.ts";

/** What must vouch for the moment of signing; see `VerifyRule.transparencyLog`. */
export type LogRequirement = "required" | "timestamp" | "none";

/** A signing certificate whose chain and transparency have been verified; only its validity at a moment is open. */
export interface TrustedSigner {
  readonly paths: readonly TrustPath[];
}

/** Remembers certificates that verified, so that many signatures by one certificate cost one chain. */
export type SignerCache = Lru<TrustedSigner>;

const SIGNER_CACHE_CAPACITY = 4096;
export const createSignerCache = (): SignerCache => createLru(SIGNER_CACHE_CAPACITY);

export interface MaterialContext {
  readonly root: TrustedRoot;
  readonly signers: SignerCache;
}

/** Verifies with the key's own hash, then with SHA-256, which older clients used for every curve. */
const verifyContent = async (
  key: PublicKey,
  material: SignedMaterial,
  hashes: readonly HashName[],
): Promise<void> => {
  const { bytes } = material.signed;
  if (bytes === undefined) return refuse("bundle-content-unsupported", "the signed bytes are not at hand");
  for (const hash of new Set(hashes)) {
    if (await verifySignature(key, hash, bytes, material.signature)) return;
  }
  refuse("signature-invalid", "signature does not verify");
};

/** Verifies a signature over a message of which only the digest is known. */
export type ContentVerifier = (key: PublicKey, material: SignedMaterial) => Promise<void>;

export const verifyAnyHash: ContentVerifier = (key, material) =>
  verifyContent(key, material, [defaultHashOf(key), "sha256"]);

/** cosign's simple signing hashes with SHA-256 whatever the curve. */
export const verifySha256: ContentVerifier = (key, material) => verifyContent(key, material, ["sha256"]);

const trustCertificate = async (
  certificate: Certificate,
  context: MaterialContext,
  thread: Thread,
): Promise<TrustedSigner> => {
  const { root, signers } = context;
  const cacheKey = `${root.id}:${sha256(certificate.der).toString("latin1")}`;
  const known = signers.get(cacheKey);
  if (known !== undefined) return known;
  const candidates = candidatePaths(certificate, root.certificateAuthorities);
  const [nearest] = candidates;
  if (nearest === undefined) return refuse("certificate-untrusted", "no trusted authority of that name");
  // Candidates share the issuer's name; where they share its key too, the SCT names either.
  const keyHashes = new Map(candidates.map(({ issuer }) => [issuer.keyHash.toString("hex"), issuer.keyHash]));
  const [paths] = await inOrder([
    signingPaths(certificate, candidates, thread),
    keyHashes.size === 1 ? verifyCertificateTimestamps(certificate, nearest.issuer.keyHash, root) : undefined,
  ]);
  const [signedBy] = paths;
  if (keyHashes.size > 1 && signedBy !== undefined) {
    await verifyCertificateTimestamps(certificate, signedBy.issuer.keyHash, root);
  }
  const trusted = { paths };
  signers.set(cacheKey, trusted);
  return trusted;
};

export const timesOf = (entries: readonly VerifiedEntry[]): readonly number[] =>
  entries.flatMap(({ timeMs }) => (timeMs === undefined ? [] : [timeMs]));

export const requireEntry = (material: SignedMaterial, entries: readonly VerifiedEntry[]): void => {
  if (entries.length > 0) return;
  if (material.entries.length === 0) refuse("no-transparency-log", "no log entry");
  refuse("log-unknown", "no entry of a trusted log");
};

/** An entry without a signed time of its own rests on its checkpoint: the log's key must have been in use then. */
const checkLogKeys = (entries: readonly VerifiedEntry[], timesMs: readonly number[]): void => {
  for (const { log, timeMs } of entries) {
    if (timeMs !== undefined) continue;
    const { startMs, endMs } = log.validFor;
    const within = timesMs.every((atMs) => startMs <= atMs && (endMs === undefined || atMs <= endMs));
    if (!within) refuse("log-key-expired", "log key was not in use when the signature was made");
  }
};

const verifyWithCertificate = async (
  { publicKeyInfo }: Certificate,
  material: SignedMaterial,
  verifyContentWith: ContentVerifier,
): Promise<void> => {
  const key = importKey(publicKeyInfo);
  return key === undefined
    ? refuse("certificate-malformed", "unsupported key")
    : verifyContentWith(key, material);
};

/**
 * Verifies evidence signed with a short-lived certificate, cheapest refusals first: log entries are compared,
 * then the log's signatures and the signer's checked, then the costly curves. Beside a timestamp, whose curve is as costly,
 * the certificate's chain is handed to another thread first. Last comes what needs all answers: that the
 * certificate was valid at every moment that was proved. Throws Refusal.
 */
export const verifyKeyless = async (
  material: SignedMaterial,
  requirement: Exclude<LogRequirement, "none">,
  context: MaterialContext,
  verifyContentWith: ContentVerifier,
): Promise<void> => {
  const { certificate } = material;
  if (certificate === undefined) return refuse("certificate-missing", "no certificate");
  const kind = kindOf(certificate.publicKeyInfo);
  if (kind === undefined) return refuse("certificate-malformed", "unsupported key");
  const signer: Signer = { label: "CERTIFICATE", der: certificate.der };
  const entries = await verifyEntries(material, signer, kind, context.root);
  if (requirement === "required") requireEntry(material, entries);
  await verifyWithCertificate(certificate, material, verifyContentWith);
  const thread = material.timestamps.length > 0 ? "other" : "this";
  const trusting = trustCertificate(certificate, context, thread);
  const stamping = verifyTimestamps(material.timestamps, material.timestamped, context.root);
  const [stamped, { paths }] = await inOrder([stamping, trusting]);
  const timesMs = [...timesOf(entries), ...stamped.timesMs];
  if (timesMs.length === 0) return refuse(stamped.failure ?? "no-signed-time", "nothing proves a time");
  checkLogKeys(entries, timesMs);
  checkValidity(certificate, paths, timesMs);
};
