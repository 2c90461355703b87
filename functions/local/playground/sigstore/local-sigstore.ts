/*
 * A Sigstore in process, for the playground, tests and benchmarks. Nothing is faked: certificates, SCTs, log
 * proofs and timestamps are real and verify with any Sigstore client that is given `trustedRootJson`. What it
 * lacks is everything that makes a Sigstore trustworthy: identities are whatever the caller says.
 *
 *   const sigstore = createLocalSigstore({ nowMs: () => Date.now() });
 *   sigstore.trustedRootJson                       // trusted_root.json: CA, CT log, Rekor v1 and v2, TSA
 *   const { manifest } = sigstore.sign({
 *     registry: "ghcr.io", repository: "acme/app", digest, mediaType, size,
 *     format: "bundle-rekor1",                     // | "bundle-rekor2" | "legacy" | "legacy-referrer"
 *     identity: githubIdentity({ repository: "acme/app", ref: "refs/tags/v1.4.2" }),
 *     // keyed instead: key: createKeyPair("p256"); attestation: predicateType, predicate
 *   });
 *   manifest.blobs, manifest.bytes, manifest.tag   // push the blobs, then the manifest (untagged: by digest)
 *
 * Several legacy signatures in one `.sig`: take `layer` of each result and call `packLegacyLayers`. To make
 * evidence that is wrong in exactly one way pass `steps` (steps.ts): each is given what an honest signer made
 * there. `services` holds the parts (certificate-authority.ts, ct-log.ts, rekor.ts, timestamp-authority.ts), which
 * work on their own too; a second `createLocalSigstore` is the foreign instance. Defaults: see sign-request.ts.
 */
import { randomBytes } from "node:crypto";
import type { Digest } from "../../../../shared/artifact/digest.ts";
import { createCertificateAuthority } from "./certificate-authority.ts";
import { createCtLog } from "./ct-log.ts";
import type { JsonObject } from "./json.ts";
import {
  type LegacyLayer,
  type PushableManifest,
  toEvidenceTag,
  toLegacyManifest,
  toPushable,
} from "./oci.ts";
import { createRekorV1, createRekorV2 } from "./rekor.ts";
import type { Services } from "./services.ts";
import { signArtifact } from "./sign.ts";
import type { SignedEvidence, SignRequest } from "./sign-request.ts";
import { createTimestampAuthority } from "./timestamp-authority.ts";
import { type TrustedRootContents, toTrustedRoot } from "./trusted-root.ts";

export interface LocalSigstore {
  readonly services: Services;
  readonly trustedRoot: JsonObject;
  readonly trustedRootJson: string;
  /** What `trustedRoot` is made from, for roots that differ in one point. */
  readonly trustedRootContents: TrustedRootContents;
  sign(request: SignRequest): SignedEvidence;
}

export interface LocalSigstoreOptions {
  readonly nowMs: () => number;
  /** Serial numbers and foreign log entries; keys and signatures always use the system's generator. */
  readonly random?: (bytes: number) => Uint8Array;
  /** Entries in both logs' trees before the first of ours. */
  readonly priorEntries?: number;
  /** Replaces single services. */
  readonly services?: Partial<Services>;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

const toContents = (services: Services, startMs: number): TrustedRootContents => {
  const { authority, ctLog, rekorV1, rekorV2, timestampAuthority } = services;
  return {
    tlogs: [rekorV1, rekorV2].map(({ host, key, logId }) => ({
      url: `https://${host}`,
      key,
      logId,
      startMs,
    })),
    certificateAuthorities: [
      { url: "https://fulcio.local", subject: authority.root.name, chain: authority.chain, startMs },
    ],
    ctlogs: [{ url: "https://ct.local/test", key: ctLog.key, logId: ctLog.logId, startMs }],
    timestampAuthorities: [
      {
        url: "https://timestamp.local/api/v1/timestamp",
        subject: timestampAuthority.root.name,
        chain: timestampAuthority.chain,
        startMs,
      },
    ],
  };
};

/** Makes an instance with keys of its own; costs a few milliseconds, so tests share one. */
export const createLocalSigstore = (options: LocalSigstoreOptions): LocalSigstore => {
  const { nowMs, random = randomBytes, priorEntries = 5, services: given = {} } = options;
  const startedMs = nowMs();
  const services: Services = {
    nowMs,
    random,
    authority: given.authority ?? createCertificateAuthority({ random, nowMs: startedMs }),
    ctLog: given.ctLog ?? createCtLog(),
    rekorV1: given.rekorV1 ?? createRekorV1({ random, priorEntries }),
    rekorV2: given.rekorV2 ?? createRekorV2({ random, priorEntries }),
    timestampAuthority: given.timestampAuthority ?? createTimestampAuthority({ random, nowMs: startedMs }),
  };
  const trustedRootContents = toContents(services, startedMs - YEAR_MS);
  const trustedRoot = toTrustedRoot(trustedRootContents);
  return {
    services,
    trustedRootContents,
    trustedRoot,
    trustedRootJson: JSON.stringify(trustedRoot),
    sign: (request) => signArtifact(services, request),
  };
};

/** One `.sig` (or `.att`) manifest with several signatures, as repeated `cosign sign` leaves it. */
export const packLegacyLayers = (
  digest: Digest,
  layers: readonly LegacyLayer[],
  suffix: "sig" | "att" = "sig",
): PushableManifest => {
  const { manifest, config } = toLegacyManifest(layers);
  return toPushable(manifest, [config, ...layers.map(({ payload }) => payload)], {
    tag: toEvidenceTag(digest, suffix),
  });
};
