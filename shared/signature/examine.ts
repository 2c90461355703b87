import type { Digest } from "../artifact/digest.ts";
import { MEDIA_TYPE } from "../artifact/media-types.ts";
import type { ArtifactName, RepositoryName } from "../artifact/repository.ts";
import {
  type EvidenceKind,
  type EvidenceManifest,
  kindOf,
  type Layer,
} from "./evidence/evidence-manifest.ts";
import type { EvidenceReader } from "./evidence/evidence-reader.ts";
import { bothRefused, combine, type Findings } from "./finding.ts";
import { isBundleToFlux } from "./flux/flux-bundle.ts";
import { LIMITS } from "./limits.ts";
import { Refusal, refuse } from "./refusal.ts";
import { type CompiledRule, SIGNATURE_PREDICATE } from "./rule.ts";
import { type EvidenceContext, verifyBundle } from "./verify-bundle.ts";
import { verifyLegacy } from "./verify-legacy.ts";

/** One manifest of evidence and how it fared. */
export interface Examined {
  readonly kind: EvidenceKind;
  readonly digest: Digest;
  readonly findings: Findings;
  /** Whether it is a bundle that makes Flux look at bundles alone. */
  readonly isFluxBundle: boolean;
}

export interface Examination {
  readonly subject: ArtifactName;
  readonly rule: CompiledRule;
  readonly context: EvidenceContext;
  readonly reader: EvidenceReader;
  /** Where evidence is kept. */
  readonly repository: RepositoryName;
  readonly predicateType: string | undefined;
}

const wantsSignature = ({ predicateType = SIGNATURE_PREDICATE }: Examination): boolean =>
  predicateType === SIGNATURE_PREDICATE;

const examineBundle = async (
  { layers }: EvidenceManifest,
  examination: Examination,
): Promise<Pick<Examined, "findings" | "isFluxBundle">> => {
  const { reader, repository, subject, rule, context } = examination;
  const [layer, extra] = layers;
  if (
    layer === undefined ||
    extra !== undefined ||
    !layer.mediaType.startsWith(MEDIA_TYPE.sigstoreBundlePrefix)
  ) {
    return refuse("evidence-type-mismatch", "a bundle's manifest has exactly one layer, the bundle");
  }
  const maxBytes = wantsSignature(examination) ? LIMITS.bundleBytes : LIMITS.attestationBytes;
  const bytes = await reader.blob(repository, layer, maxBytes);
  const findings = await verifyBundle(bytes, subject.digest, rule, context);
  return { findings, isFluxBundle: findings.parity.verified || isBundleToFlux(bytes) };
};

const FORMS = {
  legacy: { form: "signature", mediaType: MEDIA_TYPE.simpleSigning, maxBytes: LIMITS.payloadBytes },
  attestation: { form: "attestation", mediaType: MEDIA_TYPE.dsseEnvelope, maxBytes: LIMITS.attestationBytes },
} as const;

const examineLayer = async (
  kind: keyof typeof FORMS,
  layer: Layer,
  examination: Examination,
): Promise<Findings> => {
  const { reader, repository, subject, rule, context } = examination;
  const { form, mediaType, maxBytes } = FORMS[kind];
  if (layer.mediaType !== mediaType) return bothRefused("evidence-type-mismatch");
  try {
    const payload = await reader.blob(repository, layer, maxBytes);
    return await verifyLegacy(
      form,
      { annotations: layer.annotations, payload },
      subject.digest,
      rule,
      context,
    );
  } catch (error) {
    if (error instanceof Refusal) return bothRefused(error.reason);
    throw error;
  }
};

/** One good layer is enough: anybody may append a bad one. */
const examineLayers = async (
  kind: keyof typeof FORMS,
  { layers }: EvidenceManifest,
  examination: Examination,
): Promise<Findings> => {
  const all: Findings[] = layers.length > LIMITS.examinedLayers ? [bothRefused("evidence-too-large")] : [];
  for (const layer of layers.slice(-LIMITS.examinedLayers).reverse()) {
    const findings = await examineLayer(kind, layer, examination);
    all.push(findings);
    if (findings.strict.verified && findings.parity.verified) return findings;
  }
  return {
    strict: combine(
      all.map(({ strict }) => strict),
      "evidence-malformed",
    ),
    parity: combine(
      all.map(({ parity }) => parity),
      "evidence-malformed",
    ),
  };
};

/** A signature is no attestation and an attestation no signature, whatever its tag says. */
const isWanted = (kind: keyof typeof FORMS, examination: Examination): boolean =>
  wantsSignature(examination) === (kind === "legacy");

const examine = async (
  manifest: EvidenceManifest,
  examination: Examination,
): Promise<Pick<Examined, "findings" | "isFluxBundle">> => {
  const kind = kindOf(manifest);
  switch (kind) {
    case "bundle":
      return examineBundle(manifest, examination);
    case "legacy":
    case "attestation":
      return {
        findings: isWanted(kind, examination)
          ? await examineLayers(kind, manifest, examination)
          : bothRefused("predicate-type-mismatch"),
        isFluxBundle: false,
      };
    case "notation":
      return { findings: bothRefused("notation-unsupported"), isFluxBundle: false };
    case "unknown":
      return { findings: bothRefused("evidence-type-mismatch"), isFluxBundle: false };
  }
};

/** Examines one manifest of evidence, already fetched. */
export const examineManifest = async (
  manifest: EvidenceManifest,
  digest: Digest,
  examination: Examination,
): Promise<Examined> => {
  const kind = kindOf(manifest);
  try {
    return { kind, digest, ...(await examine(manifest, examination)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind, digest, findings: bothRefused(error.reason), isFluxBundle: false };
  }
};
