import type { Identity, IdentityRule } from "../ports.ts";
import { readIdentity } from "./certificate/fulcio-certificate.ts";
import { type Bundle, parseBundle } from "./evidence/bundle.ts";
import { toEnvelopeMaterial, toMessageMaterial } from "./evidence/bundle-material.ts";
import { type SignedMaterial, sha256, toSigned, toSignedDigest } from "./evidence/material.ts";
import { parseStatement } from "./evidence/statement.ts";
import { compileIdentity, requireIdentity } from "./identity.ts";
import { verifyPrehashed } from "./key/ecdsa-prehashed.ts";
import { encodeKey, type PublicKey } from "./key/keys.ts";
import type { Reason } from "./reasons.ts";
import { refuse, toReason } from "./refusal.ts";
import type { TrustedRoot } from "./trust/trusted-root.ts";
import { verifyKeyed } from "./verify-keyed.ts";
import {
  type ContentVerifier,
  createSignerCache,
  type LogRequirement,
  verifyAnyHash,
  verifyKeyless,
} from "./verify-material.ts";

/** A file that is not in a registry, by its bytes or by its sha256 alone. */
export type Blob = { readonly bytes: Buffer } | { readonly sha256: Buffer };

export interface BlobPolicy {
  readonly root: TrustedRoot;
  readonly signer: { readonly identities: readonly IdentityRule[] } | { readonly key: PublicKey };
  readonly transparencyLog: LogRequirement;
}

export type BlobJudgement =
  | { readonly verified: true; readonly identity?: Identity }
  | { readonly verified: false; readonly reason: Reason };

/** Message digests are a hint of the bundle's; the signature is checked over the artifact's own. */
const verifyMessage: ContentVerifier = async (key, material) => {
  const { bytes } = material.signed;
  if (bytes !== undefined) return verifyAnyHash(key, material);
  const digest = material.signed.digest("sha256");
  if (digest === undefined || !verifyPrehashed(key, digest, material.signature)) {
    refuse("signature-invalid", "signature does not verify over the digest");
  }
};

const toMaterial = (bundle: Bundle, blob: Blob): SignedMaterial => {
  const digest = "bytes" in blob ? sha256(blob.bytes) : blob.sha256;
  const { content } = bundle;
  if (content.kind === "message") {
    const { message } = content;
    if (message.algorithm !== "SHA2_256")
      return refuse("bundle-content-unsupported", "digest is not SHA2_256");
    if (!message.digest.equals(digest))
      return refuse("payload-digest-mismatch", "message is another artifact");
    return toMessageMaterial(
      bundle,
      message,
      "bytes" in blob ? toSigned(blob.bytes) : toSignedDigest(digest),
    );
  }
  const { digests } = parseStatement(content.envelope.payload);
  if (!digests.has(digest.toString("hex")))
    return refuse("payload-digest-mismatch", "statement is of another artifact");
  return toEnvelopeMaterial(bundle, content.envelope);
};

const verify = async (bytes: Uint8Array, blob: Blob, policy: BlobPolicy): Promise<Identity | undefined> => {
  const bundle = parseBundle(bytes);
  const material = toMaterial(bundle, blob);
  const { root, signer, transparencyLog } = policy;
  if ("key" in signer) {
    if (bundle.certificate !== undefined) return refuse("key-expected", "signed with a certificate");
    const { key } = signer;
    await verifyKeyed(material, { key, publicKeyInfo: encodeKey(key) }, transparencyLog, root, verifyMessage);
    return undefined;
  }
  if (bundle.certificate === undefined) return refuse("certificate-missing", "signed with a key");
  if (transparencyLog === "none") return refuse("rule-log-required", "identities need a log or a timestamp");
  const identity = readIdentity(bundle.certificate);
  requireIdentity(bundle.certificate, identity, signer.identities.map(compileIdentity));
  await verifyKeyless(material, transparencyLog, { root, signers: createSignerCache() }, verifyMessage);
  return identity;
};

/** Verifies a bundle over a file (message signature or attestation), for use outside registries. */
export const verifyBlob = async (
  bytes: Uint8Array,
  blob: Blob,
  policy: BlobPolicy,
): Promise<BlobJudgement> => {
  try {
    const identity = await verify(bytes, blob, policy);
    return identity === undefined ? { verified: true } : { verified: true, identity };
  } catch (error) {
    return { verified: false, reason: toReason(error) };
  }
};
