import type { ArtifactName } from "../../../../shared/artifact/repository.ts";
import type { Annotations } from "./content.ts";
import type { SignerIdentity } from "./identity.ts";
import type { Json } from "./json.ts";
import type { KeyPair } from "./keys.ts";
import type { Blob, LegacyLayer, PushableManifest } from "./oci.ts";
import type { Steps } from "./steps.ts";

/**
 * `bundle-*`: Sigstore bundle v0.3 in a referrer (cosign v3). `legacy`: `.sig` tag (cosign v2); with a
 * `predicateType`, `.att`. `legacy-referrer`: the same manifest with a `subject` (cosign's `oci-1-1` mode).
 */
export type EvidenceFormat = "bundle-rekor1" | "bundle-rekor2" | "legacy" | "legacy-referrer";

export type EntryKind = "hashedrekord" | "dsse" | "intoto" | "rekord";

export interface SignRequest extends ArtifactName {
  /** Media type and size of the signed manifest, for the referrer's `subject`. */
  readonly mediaType: string;
  readonly size: number;
  readonly format: EvidenceFormat;
  /** Keyless: who signs. */
  readonly identity?: SignerIdentity;
  /** Keyed: with what. Without `identity` only. */
  readonly key?: KeyPair;
  /** An attestation of this type instead of a signature. */
  readonly predicateType?: string;
  readonly predicate?: Json;
  readonly annotations?: Annotations;
  /** Default: true, except for legacy keyed signatures. */
  readonly log?: boolean;
  /** RFC 3161 timestamp. Default: only with Rekor v2, which has no time of its own. */
  readonly timestamp?: boolean;
  /** Default: what the format's cosign logs. */
  readonly entryKind?: EntryKind;
  /** Default: now. */
  readonly atMs?: number;
  readonly steps?: Steps;
}

export interface SignedEvidence {
  readonly manifest: PushableManifest;
  /** The bundle or the legacy layer, for those who pack it themselves. */
  readonly bundle?: Blob;
  readonly layer?: LegacyLayer;
  /** Keyless: the leaf, DER. */
  readonly leaf?: Uint8Array;
}
