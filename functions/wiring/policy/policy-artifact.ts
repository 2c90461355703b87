import { parseReference } from "oras-js";
import { type ArtifactName, formatArtifact, toRepositoryName } from "../../../shared/artifact/repository.ts";
import type { TrustSettings } from "../../../shared/config/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { Clock, RegistryReader, SecretSource, Verifier } from "../../../shared/ports.ts";
import type { StateStore } from "../../../shared/state.ts";
import { toVerifyRule } from "./rules.ts";

export interface ArtifactPorts {
  readonly registry: RegistryReader;
  readonly verifier: Verifier;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  /** Remembers how new the policy in use is, over restarts; absent for commands that only look. */
  readonly state?: StateStore;
}

/** Opened by who reads an artifact, and by nobody else. */
export type OpenArtifacts = () => Promise<ArtifactPorts>;

/** An artifact that holds policy, and who must have signed it. */
export interface ArtifactSettings {
  /** Without `oci://`. */
  readonly reference: string;
  readonly trust: TrustSettings;
}

const refuse = (message: string): PipelineError => new PipelineError(message, { code: "CATALOG_INVALID" });

const resolveArtifact = async (
  reference: string,
  registry: RegistryReader,
  signal: AbortSignal,
): Promise<ArtifactName> => {
  const parsed = parseReference(reference);
  const name = toRepositoryName(parsed.registry, parsed.repository);
  const digest = parsed.kind === "tag" ? await registry.resolveTag(name, parsed.tag, signal) : parsed.digest;
  if (digest === undefined || !digest.startsWith("sha256:"))
    throw refuse(`${reference}: the registry has no such artifact`);
  return { ...name, digest: digest as ArtifactName["digest"] };
};

/** What the reference names now, verified by its digest. Throws `CATALOG_INVALID`. */
export const openPolicyArtifact = async (
  { registry, verifier, secrets }: ArtifactPorts,
  { reference, trust }: ArtifactSettings,
  signal: AbortSignal,
): Promise<ArtifactName> => {
  const artifact = await resolveArtifact(reference, registry, signal);
  if (trust.unverified) return artifact;
  const { strict } = await verifier.verify(artifact, await toVerifyRule(trust, secrets), signal);
  if (!strict.verified) throw refuse(`${formatArtifact(artifact)}: not verified (${strict.reason})`);
  return artifact;
};
