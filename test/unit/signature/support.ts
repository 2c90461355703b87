import { createKeyPair } from "../../../functions/local/playground/sigstore/keys.ts";
import type { LocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import {
  EMPTY_CONFIG_BLOB,
  type PushableManifest,
  toBlob,
  toDescriptor,
  toPushable,
} from "../../../functions/local/playground/sigstore/oci.ts";
import type {
  SignedEvidence,
  SignRequest,
} from "../../../functions/local/playground/sigstore/sign-request.ts";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import type { RegistryReader, Verification, VerifyRule } from "../../../shared/ports.ts";
import { Refusal } from "../../../shared/signature/refusal.ts";
import { createVerifier } from "../../../shared/signature/verifier.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import {
  createWorld,
  IDENTITY,
  IDENTITY_RULE,
  NOW_MS,
  nextArtifact,
  REPOSITORY,
} from "../signature-corpus/world.ts";

export { createKeyPair, IDENTITY, IDENTITY_RULE, NOW_MS, nextArtifact, REPOSITORY };

export const world = createWorld();
export const { sigstore } = world;

/** The reason a parser refuses with, or "accepted". Anything else that is thrown goes through. */
export const refusalOf = (parse: () => unknown): string => {
  try {
    parse();
    return "accepted";
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};

export const OBJECT_RULE: VerifyRule = { ...IDENTITY_RULE, origin: "object" };

export type Artifact = ReturnType<typeof nextArtifact>;

/** A registry, a verifier on it, and a count of what was asked of the registry. */
export const createBench = (toReader: (honest: RegistryReader) => RegistryReader = (honest) => honest) => {
  const registry = createMemoryRegistry();
  const root = Buffer.from(sigstore.trustedRootJson);
  const asked: string[] = [];
  const reader = toReader(registry);
  const counting: RegistryReader = {
    ...reader,
    fetchManifest: (artifact, signal) => {
      asked.push(`manifest ${artifact.digest}`);
      return reader.fetchManifest(artifact, signal);
    },
    fetchManifestByTag: (name, tag, signal) => {
      asked.push(`tag ${tag}`);
      return reader.fetchManifestByTag(name, tag, signal);
    },
    fetchBlob: (artifact, maxBytes, signal) => {
      asked.push(`blob ${artifact.digest}`);
      return reader.fetchBlob(artifact, maxBytes, signal);
    },
    listReferrers: (artifact, signal) => {
      asked.push("referrers");
      return reader.listReferrers(artifact, signal);
    },
  };
  const verifier = createVerifier({
    registry: counting,
    trustedRoots: { read: async () => root },
    nowMs: () => NOW_MS,
  });
  return {
    asked,
    push: (manifest: PushableManifest) => registry.push(REPOSITORY, manifest),
    verify: (
      artifact: Artifact,
      rule: VerifyRule,
      signal = new AbortController().signal,
    ): Promise<Verification> => verifier.verify({ ...REPOSITORY, digest: artifact.digest }, rule, signal),
  };
};

/** Signs `artifact` honestly, or as `more` says. */
export const sign = (
  artifact: Artifact,
  more: Partial<SignRequest> & Pick<SignRequest, "format">,
  by: LocalSigstore = sigstore,
): SignedEvidence =>
  by.sign({ ...artifact, ...(more.key === undefined ? { identity: IDENTITY } : {}), ...more });

/** Signs, publishes and verifies one new artifact. */
export const verifyNew = async (
  more: Partial<SignRequest> & Pick<SignRequest, "format">,
  rule: VerifyRule,
): Promise<Verification> => {
  const artifact = nextArtifact();
  const bench = createBench();
  bench.push(sign(artifact, more).manifest);
  return bench.verify(artifact, rule);
};

export const wordOf = (judgement: Verification["strict"]): string =>
  judgement.verified ? "verified" : judgement.reason;

/** A manifest that refers to the artifact and has nothing to do with signatures. */
export const toReferrer = (
  artifact: Artifact,
  mediaType: string,
  content: string,
  artifactType = mediaType,
): PushableManifest => {
  const layer = toBlob(Buffer.from(content), mediaType);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    artifactType,
    config: toDescriptor(EMPTY_CONFIG_BLOB),
    layers: [toDescriptor(layer)],
    subject: { mediaType: artifact.mediaType, digest: artifact.digest, size: artifact.size },
  };
  return toPushable(manifest, [layer, EMPTY_CONFIG_BLOB], { subject: artifact.digest });
};
