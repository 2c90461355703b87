import { createKeyPair, type KeyPair } from "../../functions/local/playground/sigstore/keys.ts";
import type { SignedEvidence } from "../../functions/local/playground/sigstore/sign-request.ts";
import type { Digest } from "../../shared/artifact/digest.ts";
import type { VerifyRule } from "../../shared/ports.ts";
import { IDENTITY, IDENTITY_RULE, nextArtifact, sign } from "../unit/signature/support.ts";

/** The four kinds of evidence that a verification is timed on. */
export const KINDS = ["legacy", "bundle-rekor1", "bundle-rekor2", "keyed"] as const;
export type Kind = (typeof KINDS)[number];

export const TITLES: Readonly<Record<Kind, string>> = {
  legacy: "older signature (.sig)",
  "bundle-rekor1": "bundle v0.3, Rekor v1",
  "bundle-rekor2": "bundle v0.3, Rekor v2 + timestamp",
  keyed: "bundle v0.3, public key",
};

const KEY: KeyPair = createKeyPair("p256");
export const PUBLIC_KEY = KEY.publicPem;

export const toRule = (kind: Kind): VerifyRule =>
  kind === "keyed"
    ? { ...IDENTITY_RULE, identities: [], keys: [PUBLIC_KEY], transparencyLog: "none" }
    : IDENTITY_RULE;

export interface Sample {
  readonly subject: Digest;
  readonly evidence: SignedEvidence;
}

/** A new artifact, signed with a new certificate each time. */
export const createSample = (kind: Kind): Sample => {
  const artifact = nextArtifact();
  const evidence =
    kind === "keyed"
      ? sign(artifact, { format: "bundle-rekor1", key: KEY, log: false })
      : sign(artifact, { format: kind, identity: IDENTITY });
  return { subject: artifact.digest, evidence };
};
