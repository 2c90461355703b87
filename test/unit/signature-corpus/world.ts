import { githubIdentity } from "../../../functions/local/playground/sigstore/identity.ts";
import {
  createLocalSigstore,
  type LocalSigstore,
} from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import { type Blob, digestOf, toBlob } from "../../../functions/local/playground/sigstore/oci.ts";
import type { SignRequest } from "../../../functions/local/playground/sigstore/sign-request.ts";
import { MEDIA_TYPE } from "../../../shared/artifact/media-types.ts";
import type { VerifyRule } from "../../../shared/ports.ts";
import type { Format, Scenario, World } from "./corpus-case.ts";

export const NOW_MS = Date.UTC(2026, 10, 20, 9, 30, 0);
export const REPOSITORY = { registry: "registry.example", repository: "acme/app" } as const;

/** Random, but the same in every run: serial numbers and foreign log entries. */
export const createSeededBytes = (seed: number): ((bytes: number) => Uint8Array) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  return (bytes) => Uint8Array.from({ length: bytes }, next);
};

export const createWorld = (): World => {
  const create = (seed: number): LocalSigstore =>
    createLocalSigstore({ nowMs: () => NOW_MS, random: createSeededBytes(seed) });
  return { sigstore: create(1), foreign: create(2), nowMs: NOW_MS };
};

export const IDENTITY = githubIdentity({ repository: "acme/app", ref: "refs/tags/v1.4.2" });
export const SUBJECT_PATTERN =
  "^https://github\\.com/acme/app/\\.github/workflows/release\\.yaml@refs/tags/v";
export const ISSUER_PATTERN = "^https://token\\.actions\\.githubusercontent\\.com$";

export const IDENTITY_RULE: VerifyRule = {
  id: "corpus",
  origin: "sluice",
  identities: [{ issuer: ISSUER_PATTERN, subject: SUBJECT_PATTERN }],
  keys: [],
  transparencyLog: "required",
};

/** A manifest of its own for each number, so that no two scenarios share a digest. */
export const createImage = (number: number): Blob =>
  toBlob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE.ociManifest,
        config: { mediaType: MEDIA_TYPE.ociEmpty, digest: digestOf(Buffer.from("{}")), size: 2 },
        layers: [],
        annotations: { number: `${number}` },
      }),
      "utf8",
    ),
    MEDIA_TYPE.ociManifest,
  );

let lastImage = 0;
/** An artifact nobody signed yet. */
export const nextArtifact = (): Pick<
  SignRequest,
  "registry" | "repository" | "digest" | "mediaType" | "size"
> => {
  lastImage += 1;
  const image = createImage(lastImage);
  return { ...REPOSITORY, digest: image.digest, mediaType: image.mediaType, size: image.bytes.length };
};

/** Signed by the right workflow, published beside the artifact, asked for by a rule that fits. */
export const toHonestScenario = (world: World, format: Format): Scenario => {
  const artifact = nextArtifact();
  return {
    request: { ...artifact, format, identity: IDENTITY },
    sigstore: world.sigstore,
    publish: ({ manifest }) => [manifest],
    publishTo: REPOSITORY,
    artifact: { ...REPOSITORY, digest: artifact.digest },
    rule: IDENTITY_RULE,
    trustedRootJson: world.sigstore.trustedRootJson,
    toReader: (honest) => honest,
  };
};
