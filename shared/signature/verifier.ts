import { formatArtifact } from "../artifact/repository.ts";
import { PipelineError } from "../errors.ts";
import type { RegistryReader, TrustedRootSource, Verification, Verifier, VerifyRule } from "../ports.ts";
import { createEvidenceReader } from "./evidence/evidence-reader.ts";
import { type CompiledRule, compileRule } from "./rule.ts";
import { type Found, type Search, searchEvidence } from "./search.ts";
import { parseTrustedRoot, type TrustedRoot } from "./trust/trusted-root.ts";
import { toVerification } from "./verdict.ts";
import { createVerdictCache } from "./verdict-cache.ts";
import { createSignerCache } from "./verify-material.ts";

export interface VerifierOptions {
  readonly registry: RegistryReader;
  readonly trustedRoots: TrustedRootSource;
  readonly nowMs: () => number;
}

/** Parses each root once: the source hands out the same bytes until they change. */
const createRootReader = (source: TrustedRootSource) => {
  const parsed = new WeakMap<Uint8Array, TrustedRoot>();
  return async (name: string | undefined): Promise<TrustedRoot> => {
    const bytes = await source.read(name);
    const known = parsed.get(bytes);
    if (known !== undefined) return known;
    const root = parseTrustedRoot(bytes);
    parsed.set(bytes, root);
    return root;
  };
};

/** Keys without a transparency log rest on nothing but themselves. */
const needsRoot = ({ keys, transparencyLog }: VerifyRule): boolean =>
  keys.length === 0 || transparencyLog !== "none";

const createRuleCompiler = () => {
  const compiled = new WeakMap<VerifyRule, CompiledRule>();
  return (rule: VerifyRule): CompiledRule => {
    const known = compiled.get(rule) ?? compileRule(rule);
    compiled.set(rule, known);
    return known;
  };
};

const couldNotDecide = (what: string, cause: unknown): PipelineError =>
  cause instanceof PipelineError
    ? cause
    : new PipelineError(`could not read evidence of ${what}`, { code: "REGISTRY_UNAVAILABLE", cause });

/** An aborted search decided nothing, like one that failed. */
const searchOrFail = async (search: Search): Promise<Found> => {
  try {
    return await searchEvidence(search);
  } catch (error) {
    throw couldNotDecide(formatArtifact(search.subject), error);
  }
};

/**
 * The verification core: finds evidence in a registry and judges it, for us and as Flux would. Answers
 * `verified` only from checked values; whatever fails inside is a reason, and only a registry or trusted root
 * out of reach is an error.
 */
export const createVerifier = ({ registry, trustedRoots, nowMs }: VerifierOptions): Verifier => {
  const readRoot = createRootReader(trustedRoots);
  const compile = createRuleCompiler();
  const verdicts = createVerdictCache();
  const signers = createSignerCache();
  return {
    async verify(artifact, rule, signal): Promise<Verification> {
      const compiled = compile(rule);
      if (typeof compiled.strict === "string" && typeof compiled.parity === "string") {
        return toVerification(compiled, { referrers: [], tagged: [], obstacles: [], failures: [] });
      }
      const root = needsRoot(rule) ? await readRoot(rule.trustedRoot) : undefined;
      const found = await searchOrFail({
        registry,
        verdicts,
        signal,
        subject: artifact,
        rule: compiled,
        context: { root, signers, nowMs: nowMs() },
        reader: createEvidenceReader(registry, signal),
        repository: rule.signatureRepository ?? {
          registry: artifact.registry,
          repository: artifact.repository,
        },
        predicateType: rule.predicateType,
      });
      const verification = toVerification(compiled, found);
      // Absence is only known when every place could be read.
      const [failure] = found.failures;
      if (!verification.strict.verified && failure !== undefined) {
        throw couldNotDecide(formatArtifact(artifact), failure);
      }
      return verification;
    },
  };
};
