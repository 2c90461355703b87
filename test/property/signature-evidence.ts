import type { Digest } from "../../shared/artifact/digest.ts";
import { compileRule } from "../../shared/signature/rule.ts";
import { parseTrustedRoot } from "../../shared/signature/trust/trusted-root.ts";
import { verifyBundle } from "../../shared/signature/verify-bundle.ts";
import { verifyLegacy } from "../../shared/signature/verify-legacy.ts";
import { createSignerCache } from "../../shared/signature/verify-material.ts";
import { IDENTITY_RULE, NOW_MS, nextArtifact, sign, sigstore } from "../unit/signature/support.ts";

/*
 * Honest evidence and the verification of what became of it, without a registry. The certificate cache is shared:
 * it is keyed by the certificate's bytes, so a changed certificate is never taken for the honest one.
 */
const RULE = compileRule(IDENTITY_RULE);
const CONTEXT = {
  root: parseTrustedRoot(Buffer.from(sigstore.trustedRootJson)),
  signers: createSignerCache(),
  nowMs: NOW_MS,
};

export interface HonestBundle {
  readonly json: Record<string, unknown>;
  readonly bytes: Buffer;
  readonly subject: Digest;
}

export const signBundle = (format: "bundle-rekor1" | "bundle-rekor2"): HonestBundle => {
  const artifact = nextArtifact();
  const { bundle } = sign(artifact, { format, timestamp: true });
  const bytes = Buffer.from(bundle?.bytes ?? []);
  return { bytes, json: JSON.parse(bytes.toString()) as Record<string, unknown>, subject: artifact.digest };
};

export interface HonestLayer {
  readonly annotations: Readonly<Record<string, string>>;
  readonly payload: Buffer;
  readonly subject: Digest;
}

export const signLayer = (): HonestLayer => {
  const artifact = nextArtifact();
  const { layer } = sign(artifact, { format: "legacy", timestamp: true });
  if (layer === undefined) throw new Error("no layer");
  return {
    annotations: layer.annotations,
    payload: Buffer.from(layer.payload.bytes),
    subject: artifact.digest,
  };
};

export const isVerifiedBundle = async (bytes: Buffer, subject: Digest): Promise<boolean> =>
  (await verifyBundle(bytes, subject, RULE, CONTEXT)).strict.verified;

export const isVerifiedLayer = async ({ annotations, payload, subject }: HonestLayer): Promise<boolean> =>
  (await verifyLegacy("signature", { annotations, payload }, subject, RULE, CONTEXT)).strict.verified;

export const flipBit = (bytes: Uint8Array, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  const at = bit >> 3;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
  return copy;
};
