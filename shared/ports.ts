import type { Digest } from "./artifact/digest.ts";
import type { ArtifactName, RepositoryName } from "./artifact/repository.ts";
import type { Secret } from "./artifact/secret.ts";
import type { ClusterEvent } from "./cluster-event.ts";
import type { WorkClass } from "./work-class.ts";

/** Wall clock in milliseconds since the epoch. The domain has no other source of time. */
export interface Clock {
  nowMs(): number;
}

/** The domain's only randomness: uniform in [0, 1). Used for jitter, never for secrets. */
export interface Random {
  fraction(): number;
}

// --------------------------------------------------------------------------------------------- secrets

/**
 * Where a secret is kept: an environment variable, a file by its absolute path, or the platform's own secret store
 * by the name it has there (Secrets Manager or SSM, Key Vault, Secret Manager).
 */
export type SecretRef = { readonly env: string } | { readonly file: string } | { readonly secret: string };

/** Reads secrets where they are kept, anew when they change. Throws `SECRET_UNAVAILABLE`; never an empty secret. */
export interface SecretSource {
  read(ref: SecretRef): Promise<Secret>;
}

// ---------------------------------------------------------------------------------------------- intake

/** An HTTP request as it came: header names in lower case, body as raw bytes (signatures cover those). */
export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** One event from a registry, normalised. A hint: everything it says is read again from the registry. */
export interface Push {
  readonly source: string;
  readonly kind: "artifact" | "evidence" | "ignored";
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly digest?: Digest;
  readonly mediaType?: string;
  /** For evidence: the artifact it speaks about, where the event itself says so. */
  readonly subject?: Digest;
  /** For ignored events: a stable code. */
  readonly reason?: string;
  /** The sender's own event id, for recognising exact duplicates. */
  readonly id?: string;
}

/** One try of a sender to deliver a push; `eventId` is the same for every try of one event. */
export type SentDelivery = Readonly<Record<"id" | "eventId", string> & { atMs: number; succeeded: boolean }>;

/** A sender that tries again when asked; lists what it sent since, newest first. Throws `SENDER_UNAVAILABLE`. */
export interface SenderDeliveries {
  list(sinceMs: number, signal: AbortSignal): AsyncIterable<SentDelivery>;
  redeliver(id: string, signal: AbortSignal): Promise<void>;
}

// ------------------------------------------------------------------------------------------- identities

/**
 * Gives a token that says who we are to one audience: the platform's, or a local issuer's. Throws
 * `SECRET_UNAVAILABLE`. Tokens are cached by the adapter, never longer than they live.
 */
export type CallerIdentity = (audience: string, signal: AbortSignal) => Promise<Secret>;

/** A login for one registry: Basic, or a bearer token that the registry takes as it is. */
export type RegistryLogin =
  | { readonly username: string; readonly password: Secret }
  | { readonly bearer: Secret };

/**
 * Logs in to one kind of registry without a stored password. `undefined`: not this kind of host. Cached until 80 %
 * of the login's life. Throws `REGISTRY_DENIED` where the registry refuses who we are, else `REGISTRY_UNAVAILABLE`.
 */
export type RegistryCredentials = (host: string, signal: AbortSignal) => Promise<RegistryLogin | undefined>;

// -------------------------------------------------------------------------------------------- registry

export interface FetchedManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Reads one registry. `undefined` means the registry said "no such thing"; anything that leaves the question
 * open throws `REGISTRY_UNAVAILABLE` or `REGISTRY_DENIED`. Bytes always hash to the digest asked for.
 */
export interface RegistryReader {
  resolveTag(name: RepositoryName, tag: string, signal: AbortSignal): Promise<Digest | undefined>;
  listTags(name: RepositoryName, signal: AbortSignal): AsyncIterable<string>;
  fetchManifest(artifact: ArtifactName, signal: AbortSignal): Promise<FetchedManifest | undefined>;
  /** By tag, for evidence tags (`sha256-<hex>.sig`), whose bytes nobody named a digest for. */
  fetchManifestByTag(
    name: RepositoryName,
    tag: string,
    signal: AbortSignal,
  ): Promise<FetchedManifest | undefined>;
  fetchBlob(artifact: ArtifactName, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Referrers API, or the fallback tag where the registry has none. Unfiltered: listed types are not trusted. */
  listReferrers(artifact: ArtifactName, signal: AbortSignal): Promise<readonly Descriptor[]>;
}

// ------------------------------------------------------------------------------------------- signature

/** Issuer AND subject, each an unanchored Go RE2 pattern; optional patterns on Fulcio's further claims. */
export interface IdentityRule {
  readonly issuer: string;
  readonly subject: string;
  readonly claims?: Readonly<Record<string, string>>;
}

/** Who must have signed. All rules of a subscription must hold; inside one rule, entries are alternatives. */
export interface VerifyRule {
  /** Hash of the content: part of cache keys and of decision records. */
  readonly id: string;
  /** `object`: from `spec.verify`, so Flux must agree too (parity). `sluice`: required by sluice.yaml. */
  readonly origin: "object" | "sluice";
  readonly identities: readonly IdentityRule[];
  /** PEM public keys. A rule has identities or keys, not both. */
  readonly keys: readonly string[];
  /** Names a trusted root of the verifier; absent: the default one. */
  readonly trustedRoot?: string;
  /**
   * `required`: a log entry must prove the signature was published. `timestamp`: a signed RFC 3161 timestamp
   * is enough. `none`: only for keys. Default: `required` for identities, `none` for keys from Flux.
   */
  readonly transparencyLog: "required" | "timestamp" | "none";
  /** Asks for an in-toto attestation with this predicate type instead of a signature. */
  readonly predicateType?: string;
  /** Where signatures live when not beside the artifact (`COSIGN_REPOSITORY`). */
  readonly signatureRepository?: RepositoryName;
}

export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/** What was found about an artifact and how it fared: `outcome` is `verified` or a reason code. */
export interface Evidence {
  readonly kind: "bundle" | "legacy" | "attestation" | "notation" | "unknown";
  readonly digest: Digest;
  readonly outcome: string;
  readonly identity?: Identity;
}

/** One side's word on an artifact; `reason` is a stable code of `signature/reasons.ts`. */
export type Judgement =
  | { readonly verified: true; readonly identity?: Identity; readonly keyId?: string }
  | { readonly verified: false; readonly reason: string };

export interface Verification {
  /** What decides. */
  readonly strict: Judgement;
  /** What Flux's own controller would say. */
  readonly parity: Judgement;
  /** Codes that name each difference between the two. */
  readonly differences: readonly string[];
  readonly evidence: readonly Evidence[];
}

/**
 * Trusted roots by name; `undefined` names the default. Never an older one after a newer one. Throws
 * `TRUST_ROOT_INVALID` for a name it does not know.
 */
export interface TrustedRootSource {
  /** Bytes of a `trusted_root.json`; the same object until it changes, so that readers may parse it once. */
  read(name: string | undefined): Promise<Uint8Array>;
}

/** Throws only when it could not decide (registry or trust root out of reach); a bad signature is a value. */
export interface Verifier {
  verify(artifact: ArtifactName, rule: VerifyRule, signal: AbortSignal): Promise<Verification>;
}

// ---------------------------------------------------------------------------------------------- policy

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Which of a repository's versions an object takes, in the words of its manifest; `digest`: a tag that moves counts. */
export type Selector =
  | { readonly kind: "digest"; readonly digest: Digest }
  | { readonly kind: "tag"; readonly tag: string }
  | {
      readonly kind: "semver";
      readonly range: string;
      /** Unanchored Go RE2 on the raw tag. */
      readonly filter?: string;
      /** `helm-oci`: OCIRepository of a Helm chart (`_` reads as `+`); `helm`: Helm's own strict parsing. */
      readonly dialect: "flux" | "helm-oci" | "helm";
    }
  | {
      readonly kind: "image-policy";
      readonly order:
        | { readonly by: "semver"; readonly range: string }
        | { readonly by: "alphabetical"; readonly order: "asc" | "desc" }
        | { readonly by: "numerical"; readonly order: "asc" | "desc" };
      readonly filter?: { readonly pattern?: string; readonly extract?: string };
      readonly exclusions: readonly string[];
      readonly digest?: "always";
    };

/** One Flux object in one cluster that selects from one repository. */
export interface Subscription {
  /** `<cluster>/<Kind>/<namespace>/<name>`; stable over catalog versions. */
  readonly id: string;
  readonly cluster: string;
  readonly object: ObjectRef;
  /** What a poke must annotate, when that is not the object itself. */
  readonly target: ObjectRef;
  readonly repository: RepositoryName;
  readonly selector: Selector;
  /** Changes when the manifest selects differently; state kept for another hash is not comparable. */
  readonly selectorHash: string;
  /** From `spec.verify`. sluice.yaml's rules are added by the pipeline. */
  readonly rules: readonly VerifyRule[];
  readonly suspended: boolean;
  /** Ids of the receivers that reach it. */
  readonly receivers: readonly string[];
}

/** Reads a cloud's storage by address. Throws `CATALOG_UNAVAILABLE`; `CATALOG_INVALID` for what is absent or too large. */
export interface ObjectReader {
  read(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
}

// --------------------------------------------------------------------------------------------- queues

/** Work on its way. `hint`s may be lost or doubled: state says what is due, the queue only says "look now". */
export type Work =
  /** Not `authenticated` by sources that prove nothing: such a push is marked as a mere hint in its decisions. */
  | {
      readonly kind: "push";
      readonly push: Push;
      readonly receivedAtMs: number;
      readonly authenticated: boolean;
    }
  | { readonly kind: "evaluate"; readonly subscription: string }
  | { readonly kind: "sweep"; readonly repository: RepositoryName }
  /** `parked`: only whether that subscription's may go out. `confirm`: like a push, nothing else knows of it. */
  | { readonly kind: "deliver"; readonly receiver: string; readonly again?: true; readonly parked?: string }
  | { readonly kind: "confirm"; readonly event: ClusterEvent; readonly receivedAtMs: number };

export interface QueuedWork {
  /** Same id, same message: a queue may drop a second one while the first is known. */
  readonly id: string;
  readonly work: Work;
  readonly delayMs?: number;
}

/** Durable once `send` resolves. At least once, no order. */
export interface WorkQueue {
  send(messages: readonly QueuedWork[]): Promise<void>;
}

export interface ReceivedWork {
  readonly id: string;
  readonly work: Work;
  /** 1 for the first time. */
  readonly receiveCount: number;
  /** Opaque; proves that this worker still holds the lease. */
  readonly lease: string;
}

/** What becomes of a message, whether we received it or the platform handed it to us. */
export interface WorkSettler<Message> {
  complete(message: Message): Promise<void>;
  retry(message: Message, delayMs: number): Promise<void>;
  /** Moves it to the dead letters. */
  park(message: Message, reason: string): Promise<void>;
}

/** The consuming side, where the platform does not call us. */
export interface WorkConsumer extends WorkSettler<ReceivedWork> {
  /** Of these classes, the first of them first; absent: of all. */
  receive(limit: number, leaseMs: number, classes?: readonly WorkClass[]): Promise<readonly ReceivedWork[]>;
}

/** Work that was set aside, for a person to look at. */
export interface DeadLetter {
  readonly id: string;
  /** Absent where the message could not even be read. */
  readonly work?: Work;
  /** A code and one line, without secrets. */
  readonly reason: string;
  readonly atMs: number;
}

/** The dead letters of a `WorkQueue`. */
export interface DeadLetters {
  /** Oldest first where the platform keeps an order. */
  list(limit: number): Promise<readonly DeadLetter[]>;
  /** Puts these back on the queue, as if they had just been sent; answers how many were still there. */
  replay(ids: readonly string[]): Promise<number>;
}
