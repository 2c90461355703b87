import { type CompiledRule, compileRule } from "../../shared/signature/rule.ts";
import { parseTrustedRoot } from "../../shared/signature/trust/trusted-root.ts";
import { type EvidenceContext, verifyBundle } from "../../shared/signature/verify-bundle.ts";
import { verifyLegacy } from "../../shared/signature/verify-legacy.ts";
import { createSignerCache } from "../../shared/signature/verify-material.ts";
import { NOW_MS, sigstore } from "../unit/signature/support.ts";
import { KINDS, type Kind, type Sample, toRule } from "./verification-evidence.ts";

const root = parseTrustedRoot(Buffer.from(sigstore.trustedRootJson));
const rules = new Map<Kind, CompiledRule>(KINDS.map((kind) => [kind, compileRule(toRule(kind))]));

/** Trusted root and patterns at hand; no certificate remembered. */
export const createContext = (): EvidenceContext => ({ root, signers: createSignerCache(), nowMs: NOW_MS });

/** From the stored bytes to a verdict, registry left out. Throws when it is not "verified". */
export const verifyWithOurs = async (kind: Kind, sample: Sample, context: EvidenceContext): Promise<void> => {
  const rule = rules.get(kind);
  if (rule === undefined) throw new Error(`no rule for ${kind}`);
  const { subject, evidence } = sample;
  const { bundle, layer } = evidence;
  const { strict } =
    layer === undefined
      ? await verifyBundle(bundle?.bytes ?? Buffer.alloc(0), subject, rule, context)
      : await verifyLegacy(
          "signature",
          { annotations: layer.annotations, payload: Buffer.from(layer.payload.bytes) },
          subject,
          rule,
          context,
        );
  if (!strict.verified) throw new Error(`${kind}: ${strict.reason}`);
};
