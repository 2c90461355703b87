import type { PushableManifest } from "../../../functions/local/playground/sigstore/oci.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { RegistryReader, Verification, Verifier } from "../../../shared/ports.ts";
import { createVerifier } from "../../../shared/signature/verifier.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import type { CorpusCase, Format, Scenario, World } from "./corpus-case.ts";
import { NOW_MS, toHonestScenario } from "./world.ts";

/** The case before and after the attack. Both are made anew: no two scenarios share an artifact. */
export const toTwin = (world: World, { setup }: CorpusCase, format: Format): Scenario => {
  const honest = toHonestScenario(world, format);
  return { ...honest, ...setup?.(honest, world) };
};

export const toAttacked = (world: World, corpusCase: CorpusCase, format: Format): Scenario => {
  const twin = toTwin(world, corpusCase, format);
  return { ...twin, ...corpusCase.attack(twin, world) };
};

interface SharedVerifier {
  readonly verifier: Verifier;
  registry: RegistryReader;
}

const MAX_VERIFIERS = 64;
const verifiers = new Map<string, SharedVerifier>();

/**
 * One verifier per trusted root for the whole corpus, as in a process that runs for long: what it remembers of
 * one scenario must not help another.
 */
const shareVerifier = (trustedRootJson: string, registry: RegistryReader): Verifier => {
  const known = verifiers.get(trustedRootJson);
  if (known !== undefined) {
    known.registry = registry;
    return known.verifier;
  }
  const root = Buffer.from(trustedRootJson, "utf8");
  const current = (): RegistryReader => verifiers.get(trustedRootJson)?.registry ?? registry;
  const verifier = createVerifier({
    registry: {
      resolveTag: (...call) => current().resolveTag(...call),
      listTags: (...call) => current().listTags(...call),
      fetchManifest: (...call) => current().fetchManifest(...call),
      fetchManifestByTag: (...call) => current().fetchManifestByTag(...call),
      fetchBlob: (...call) => current().fetchBlob(...call),
      listReferrers: (...call) => current().listReferrers(...call),
    },
    trustedRoots: { read: async () => root },
    nowMs: () => NOW_MS,
  });
  const [oldest] = verifiers.keys();
  if (verifiers.size >= MAX_VERIFIERS && oldest !== undefined) verifiers.delete(oldest);
  verifiers.set(trustedRootJson, { verifier, registry });
  return verifier;
};

/** Verifies what somebody put into a registry that holds nothing else. One at a time. */
export const verifyPublished = async (
  scenario: Scenario,
  manifests: readonly PushableManifest[],
): Promise<Verification> => {
  const registry = createMemoryRegistry();
  for (const manifest of manifests) registry.push(scenario.publishTo, manifest);
  const verifier = shareVerifier(scenario.trustedRootJson, scenario.toReader(registry));
  return verifier.verify(scenario.artifact, scenario.rule, new AbortController().signal);
};

/** An error other than the one class the domain throws goes through: it is a finding. */
export const inOneWord = async (verification: Promise<Verification>): Promise<string> => {
  try {
    const { strict } = await verification;
    return strict.verified ? "verified" : strict.reason;
  } catch (error) {
    if (error instanceof PipelineError) return `throws ${error.code}`;
    throw error;
  }
};

/** Signs, publishes and verifies; the strict verdict in one word. */
export const toVerdict = async (scenario: Scenario): Promise<string> => {
  const evidence = scenario.sigstore.sign(scenario.request);
  return inOneWord(verifyPublished(scenario, scenario.publish(evidence, scenario.request)));
};
