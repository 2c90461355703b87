import type { KeyPair } from "../../../functions/local/playground/sigstore/keys.ts";
import type { LocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import type { PushableManifest } from "../../../functions/local/playground/sigstore/oci.ts";
import type {
  SignedEvidence,
  SignRequest,
} from "../../../functions/local/playground/sigstore/sign-request.ts";
import type { Steps } from "../../../functions/local/playground/sigstore/steps.ts";
import type { ArtifactName, RepositoryName } from "../../../shared/artifact/repository.ts";
import type { ErrorCode } from "../../../shared/errors.ts";
import type { RegistryReader, VerifyRule } from "../../../shared/ports.ts";
import type { Reason } from "../../../shared/signature/reasons.ts";
import type { MemoryRegistry } from "../../support/memory-registry.ts";

export type Format = SignRequest["format"];

/** Both storage formats: bundles (with either log) and the legacy tag. */
export const BUNDLES = ["bundle-rekor1", "bundle-rekor2"] as const satisfies readonly Format[];
export const SIGNED_TIME = ["bundle-rekor1", "legacy"] as const satisfies readonly Format[];
export const ALL = ["bundle-rekor1", "bundle-rekor2", "legacy"] as const satisfies readonly Format[];

/** What the verifier must answer: a verdict, or the error with which it says that it could not decide. */
export type Expected = "verified" | Reason | `throws ${ErrorCode}`;

/** Everything that one verification depends on. */
export interface Scenario {
  /** Who signs what, how; its `steps` are where most attacks happen. */
  readonly request: SignRequest;
  readonly sigstore: LocalSigstore;
  /** What lands in the registry, and in which repository. */
  readonly publish: (evidence: SignedEvidence, request: SignRequest) => readonly PushableManifest[];
  readonly publishTo: RepositoryName;
  /** What the verifier is asked. */
  readonly artifact: ArtifactName;
  readonly rule: VerifyRule;
  readonly trustedRootJson: string;
  /** The registry as the verifier sees it. */
  readonly toReader: (honest: MemoryRegistry) => RegistryReader;
}

/** The two instances everything is made from. `foreign` is complete and consistent, but nobody trusts it. */
export interface World {
  readonly sigstore: LocalSigstore;
  readonly foreign: LocalSigstore;
  readonly nowMs: number;
}

export type Change = (scenario: Scenario, world: World) => Partial<Scenario>;

export interface CorpusCase {
  /** Number in the list of attack classes; 0 for honest cases. */
  readonly attackClass: number;
  readonly name: string;
  readonly formats: readonly Format[];
  readonly expected: Expected | Readonly<Partial<Record<Format, Expected>>>;
  /** What the twin has too: the twin is the case without `attack`, and it verifies. */
  readonly setup?: Change;
  readonly attack: Change;
}

export const expectedFor = ({ expected, name }: CorpusCase, format: Format): Expected => {
  const verdict = typeof expected === "string" ? expected : expected[format];
  if (verdict === undefined) throw new RangeError(`${name}: nothing expected of ${format}`);
  return verdict;
};

/** An attack in the signing steps, added to those the set-up already has. */
export const steps =
  (more: Steps | ((scenario: Scenario, world: World) => Steps)): Change =>
  (scenario, world) => ({
    request: {
      ...scenario.request,
      steps: {
        ...scenario.request.steps,
        ...(typeof more === "function" ? more(scenario, world) : more),
      },
    },
  });

export const request =
  (more: Partial<SignRequest>): Change =>
  (scenario) => ({ request: { ...scenario.request, ...more } });

export const rule =
  (more: Partial<VerifyRule>): Change =>
  (scenario) => ({ rule: { ...scenario.rule, ...more } });

/** The changes one after the other. */
export const all =
  (...changes: readonly Change[]): Change =>
  (scenario, world) => {
    let changed = scenario;
    for (const change of changes) changed = { ...changed, ...change(changed, world) };
    return changed;
  };

/** A bare key instead of an identity, wanted by a rule that names it. */
export const keyedBy =
  (key: KeyPair, transparencyLog: VerifyRule["transparencyLog"] = "none"): Change =>
  ({ request: { identity: _identity, ...rest }, rule: honest }) => ({
    request: { ...rest, key, log: transparencyLog === "required" },
    rule: { ...honest, identities: [], keys: [key.publicPem], transparencyLog },
  });
