/** `sha256:` and 64 lowercase hex digits. Other algorithms are not accepted anywhere. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export const isDigest = (text: string): text is Digest => DIGEST.test(text);

/** Which artifact a tag speaks about when it is one of cosign's or the referrers fallback's. */
export interface EvidenceTag {
  readonly subject: Digest;
  readonly kind: "signature" | "attestation" | "sbom" | "referrers";
}

const EVIDENCE_TAG = /^sha256-([0-9a-f]{64})(?:\.(sig|att|sbom))?$/;
const KIND_BY_SUFFIX = { sig: "signature", att: "attestation", sbom: "sbom" } as const;

/** Reads `sha256-<hex>.sig|.att|.sbom` (cosign) and `sha256-<hex>` (referrers fallback tag, distribution-spec). */
export const parseEvidenceTag = (tag: string): EvidenceTag | undefined => {
  const match = EVIDENCE_TAG.exec(tag);
  if (match === null) return undefined;
  const suffix = match[2] as keyof typeof KIND_BY_SUFFIX | undefined;
  return {
    subject: `sha256:${match[1]}`,
    kind: suffix === undefined ? "referrers" : KIND_BY_SUFFIX[suffix],
  };
};
