import type { Digest } from "../artifact/digest.ts";
import { MEDIA_TYPE } from "../artifact/media-types.ts";
import { isValidAt } from "./certificate/certificate.ts";
import { parseJson } from "./encoding/json.ts";
import { parseEnvelope, toSignedEnvelope } from "./evidence/envelope.ts";
import { type LegacyLayer, parseLegacyLayer } from "./evidence/legacy-layer.ts";
import { type SignedMaterial, toSigned } from "./evidence/material.ts";
import { parseSimpleSigning, SIMPLE_SIGNING_TYPE } from "./evidence/simple-signing.ts";
import { parseStatement } from "./evidence/statement.ts";
import { bothRefused, type Findings, judge, type Screen } from "./finding.ts";
import { screenLayerAsFlux } from "./flux/flux-keyless.ts";
import { refuse, toReason } from "./refusal.ts";
import type { CompiledRule, RuleView } from "./rule.ts";
import { type EvidenceContext, toMaterialContext } from "./verify-bundle.ts";
import { verifySha256 } from "./verify-material.ts";
import { screenSigner, verifySigner } from "./verify-signer.ts";

/** A layer of a `.sig` or `.att` manifest and the blob it names. */
export interface LegacyEvidence {
  readonly annotations: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** A certificate beside a key's signature must be in force now, where the rule wants no proof of when the key signed. */
const screenKeyed = (
  { signer }: RuleView,
  { transparencyLog }: CompiledRule,
  { certificate }: SignedMaterial,
  nowMs: number,
): void => {
  if (signer.kind === "identities" || transparencyLog !== "none" || certificate === undefined) return;
  if (!isValidAt(certificate, nowMs)) {
    refuse("certificate-expired", "the certificate beside the key's signature is not in force");
  }
};

/** What one form of layer adds to its annotations, and how its payload must call itself. */
interface SignedLayer {
  readonly own: Omit<SignedMaterial, "certificate" | "entries" | "timestamps">;
  readonly checkType: Screen;
}

type ReadLayer = (layer: LegacyLayer, payload: Buffer, subject: Digest) => SignedLayer;

const readSignature: ReadLayer = ({ signature }, payload, subject) => {
  if (signature === undefined) return refuse("evidence-malformed", "layer carries no signature");
  const { digest, type } = parseSimpleSigning(payload);
  // A signature of another artifact, copied to this one's tag, is genuine in every other respect.
  if (digest !== subject) return refuse("payload-digest-mismatch", "payload is of another artifact");
  const signed = toSigned(payload);
  return {
    own: { form: "message", signature, signed, payload, storedEnvelope: undefined, timestamped: signature },
    checkType: (view) => {
      if (view.payloadType && type !== SIMPLE_SIGNING_TYPE)
        refuse("payload-type-mismatch", type.slice(0, 200));
    },
  };
};

const readAttestation: ReadLayer = (_, stored, subject) => {
  const envelope = parseEnvelope(parseJson(stored));
  if (envelope.payloadType !== MEDIA_TYPE.inToto)
    return refuse("payload-type-mismatch", "payload is not in-toto");
  const { signature, payload } = envelope;
  const { digests, predicateType } = parseStatement(payload);
  if (!digests.has(subject.slice("sha256:".length)))
    return refuse("payload-digest-mismatch", "of another artifact");
  const signed = toSigned(toSignedEnvelope(envelope));
  return {
    // cosign has the stored envelope timestamped, not the signature inside it.
    own: { form: "envelope", signature, signed, payload, storedEnvelope: stored, timestamped: stored },
    checkType: (view) => {
      if (view.predicateType !== undefined && view.predicateType !== predicateType)
        refuse("predicate-type-mismatch", predicateType.slice(0, 200));
    },
  };
};

const READ_LAYER = { signature: readSignature, attestation: readAttestation } as const;

const verifyLayer = async (
  form: keyof typeof READ_LAYER,
  { annotations, payload }: LegacyEvidence,
  subject: Digest,
  rule: CompiledRule,
  context: EvidenceContext,
): Promise<Findings> => {
  const layer = parseLegacyLayer(annotations);
  const { own, checkType } = READ_LAYER[form](layer, payload, subject);
  const material: SignedMaterial = { ...layer, ...own };
  return judge(
    rule,
    (view) => {
      if (view.refusesLegacy !== undefined) refuse(view.refusesLegacy, `this side takes no such ${form}`);
      checkType(view);
      screenSigner(view, material.certificate);
      if (view.asFlux) screenLayerAsFlux(layer, view.signer);
      screenKeyed(view, rule, material, context.nowMs);
    },
    () => verifySigner(material, rule, toMaterialContext(context), verifySha256),
  );
};

/** Verifies one layer in cosign's older storage format: `.sig` (simple signing) or `.att` (envelope). */
export const verifyLegacy = async (
  form: keyof typeof READ_LAYER,
  evidence: LegacyEvidence,
  subject: Digest,
  rule: CompiledRule,
  context: EvidenceContext,
): Promise<Findings> => {
  try {
    return await verifyLayer(form, evidence, subject, rule, context);
  } catch (error) {
    return bothRefused(toReason(error));
  }
};
