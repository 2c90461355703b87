import type { Digest } from "../artifact/digest.ts";
import { MEDIA_TYPE } from "../artifact/media-types.ts";
import { parseBundle } from "./evidence/bundle.ts";
import { toEnvelopeMaterial } from "./evidence/bundle-material.ts";
import { parseStatement } from "./evidence/statement.ts";
import { bothRefused, type Findings, judge } from "./finding.ts";
import { screenBundleAsFlux } from "./flux/flux-keyless.ts";
import { refuse, toReason } from "./refusal.ts";
import type { CompiledRule } from "./rule.ts";
import { type MaterialContext, verifyAnyHash } from "./verify-material.ts";
import { screenSigner, verifySigner } from "./verify-signer.ts";

export interface EvidenceContext extends Pick<MaterialContext, "signers"> {
  /** Absent only for keys without a transparency log. */
  readonly root: MaterialContext["root"] | undefined;
  readonly nowMs: number;
}

const HEX_AT = "sha256:".length;

const verify = async (bytes: Uint8Array, subject: Digest, rule: CompiledRule, context: EvidenceContext) => {
  const bundle = parseBundle(bytes);
  const { content, certificate } = bundle;
  if (bundle.version !== "0.3")
    return refuse("bundle-version-unsupported", "artifacts carry bundles of v0.3");
  if (content.kind === "message") return refuse("bundle-content-unsupported", "artifacts carry statements");
  const { envelope } = content;
  if (envelope.payloadType !== MEDIA_TYPE.inToto)
    return refuse("payload-type-mismatch", "payload is not in-toto");
  const { digests, predicateType } = parseStatement(envelope.payload);
  // The statement alone says what was signed; where the registry lists the bundle proves nothing.
  if (!digests.has(subject.slice(HEX_AT)))
    return refuse("payload-digest-mismatch", "statement is of another artifact");
  return judge(
    rule,
    (view) => {
      if (view.refusesBundles !== undefined)
        refuse(view.refusesBundles, "this side takes no bundle for the rule");
      if (view.signer.kind === "keys" && certificate !== undefined)
        refuse("key-expected", "signed with a certificate");
      if (view.predicateType !== undefined && view.predicateType !== predicateType) {
        refuse("predicate-type-mismatch", predicateType.slice(0, 200));
      }
      screenSigner(view, certificate);
      if (view.asFlux) screenBundleAsFlux(bundle, context.root);
    },
    () => verifySigner(toEnvelopeMaterial(bundle, envelope), rule, toMaterialContext(context), verifyAnyHash),
  );
};

/** exactOptionalPropertyTypes: an absent root is absent, not undefined. */
export const toMaterialContext = ({ root, signers }: EvidenceContext) =>
  root === undefined ? { signers } : { root, signers };

/** Verifies a Sigstore bundle found beside an artifact in a registry. */
export const verifyBundle = async (
  bytes: Uint8Array,
  subject: Digest,
  rule: CompiledRule,
  context: EvidenceContext,
): Promise<Findings> => {
  try {
    return await verify(bytes, subject, rule, context);
  } catch (error) {
    return bothRefused(toReason(error));
  }
};
