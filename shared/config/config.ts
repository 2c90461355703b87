import type { RepositoryName } from "../artifact/repository.ts";
import type { IdentityRule, SecretRef, VerifyRule } from "../ports.ts";
import type {
  ConfirmationSettings,
  EndpointSettings,
  IdentitySettings,
  InputSettings,
  ReceiverSettings,
} from "./delivery-settings.ts";
import type { RepositoryGlob } from "./repository-glob.ts";
import type { SourceType } from "./schema-sources.ts";
import type { SecretPlaces } from "./secret-places.ts";

/** A PEM public key or another small file: a path, or where a secret is. Paths are absolute. */
export type FileRef = SecretRef;

export interface TrustSettings {
  readonly identities: readonly IdentityRule[];
  readonly keys: readonly FileRef[];
  readonly transparencyLog: VerifyRule["transparencyLog"];
  /** A name in `trustedRoots`. */
  readonly trustedRoot?: string;
  /** Nobody has to sign. */
  readonly unverified: boolean;
}

export interface RuleSettings extends TrustSettings {
  /** `rules[3]`, for messages. */
  readonly key: string;
  readonly repositories: readonly RepositoryGlob[];
  readonly predicateType?: string;
  readonly signatureRepository?: RepositoryName;
  readonly deadlineMs: number;
}

export type ManifestSettings =
  | { readonly kind: "folder"; readonly folder: string; readonly intervalMs: number }
  | {
      readonly kind: "artifact";
      /** Without `oci://`. */
      readonly reference: string;
      readonly trust: TrustSettings;
      readonly intervalMs: number;
    }
  | {
      readonly kind: "kubeconfig";
      readonly path: string;
      readonly context?: string;
      readonly intervalMs: number;
    }
  | { readonly kind: "in-cluster"; readonly intervalMs: number }
  /** Nothing of its own: only the compiled catalog knows what the cluster holds. */
  | { readonly kind: "catalog"; readonly intervalMs: number };

/** Where a catalog that `sluice compile` wrote is read from, in place of the clusters' manifests. */
export type CatalogSettings =
  | { readonly kind: "file"; readonly path: string; readonly intervalMs: number }
  | {
      readonly kind: "artifact";
      /** Without `oci://`. */
      readonly reference: string;
      readonly trust: TrustSettings;
      readonly intervalMs: number;
    }
  /** `s3://bucket/key`, `gs://bucket/object` or `https://account.blob.core.windows.net/container/blob`. */
  | { readonly kind: "object"; readonly url: string; readonly intervalMs: number };

/** Values of Secrets that manifests name, by `<namespace>/<name>` and key; or files `<folder>/<namespace>/<name>/<key>`. */
export interface ClusterSecrets {
  readonly folder?: string;
  readonly data: ReadonlyMap<string, ReadonlyMap<string, SecretRef>>;
}

export interface ClusterSettings {
  readonly name: string;
  readonly manifests: ManifestSettings;
  readonly receiver?: ReceiverSettings;
  readonly confirmation?: ConfirmationSettings;
  readonly inputs?: InputSettings;
  readonly secrets: ClusterSecrets;
}

export interface SourceSettings {
  readonly type: SourceType;
  readonly name: string;
  readonly path: string;
  readonly secrets: readonly SecretRef[];
  readonly header?: string;
  /** Host that clusters pull from; replaces the event's. */
  readonly registry?: string;
  readonly audience?: string;
  readonly email?: string;
  readonly issuer?: string;
  readonly keysUrl?: string;
  readonly authorizedParty?: string;
  readonly subscriptionName?: string;
  readonly allowedOrigins?: readonly string[];
  readonly repositoryPaths?: Readonly<Record<string, string>>;
  readonly jfrogMode?: "secret" | "hmac";
  /** Where GitHub is asked for what did not arrive. */
  readonly redelivery?: { readonly url: string; readonly token: SecretRef };
  /** Events are taken although they prove nothing. */
  readonly unauthenticated: boolean;
}

/** A login for who Sluice is elsewhere; nothing is stored. */
export type FederationSettings =
  | {
      readonly kind: "google";
      readonly provider: string;
      readonly serviceAccount?: string;
      readonly audience?: string;
    }
  | { readonly kind: "azure"; readonly tenantId: string; readonly clientId: string }
  | { readonly kind: "aws"; readonly roleArn: string; readonly audience?: string };

/** The clouds whose registries Sluice can log in to without a stored password. */
export type CloudName = "aws" | "azure" | "google";

export type CredentialSettings =
  | { readonly kind: "basic"; readonly username: string; readonly password: SecretRef }
  | { readonly kind: "docker-config"; readonly path: string }
  /** As who the machine itself is in that cloud. */
  | { readonly kind: "ambient"; readonly cloud: CloudName }
  | FederationSettings;

export interface RegistrySettings {
  readonly plainHttp: boolean;
  readonly credentials?: CredentialSettings;
  readonly allowPrivateAddresses: boolean;
  readonly ca?: string;
}

export interface Limits {
  readonly bodyBytes: number;
  readonly eventsPerMinute: number;
  readonly evaluations: number;
  readonly deliveries: number;
  /** Absent: as the platform's queue allows. */
  readonly gatherMs?: number;
  readonly attempts: number;
  readonly registryTimeoutMs: number;
  readonly receiverTimeoutMs: number;
}

/** `sluice.yaml`, checked. Paths are absolute, secrets are references, patterns compile. */
export interface Config {
  readonly mode: "observe" | "enforce";
  readonly listen: { readonly host: string; readonly port: number };
  readonly state: { readonly path: string; readonly retentionMs: number };
  /** Absent: the catalog is compiled from the clusters' manifests, here. */
  readonly catalog?: CatalogSettings;
  readonly clusters: readonly ClusterSettings[];
  readonly sources: readonly SourceSettings[];
  readonly endpoints: readonly EndpointSettings[];
  readonly identity?: IdentitySettings;
  /** Absolute paths by name; `default` replaces the root that ships with Sluice. */
  readonly trustedRoots: ReadonlyMap<string, string>;
  readonly rules: readonly RuleSettings[];
  readonly evidence: { readonly deadlineMs: number };
  /** By canonical host. */
  readonly registries: ReadonlyMap<string, RegistrySettings>;
  readonly network: { readonly allowPrivate: readonly string[] };
  readonly sweep: {
    readonly intervalMs: number;
    readonly tagsMaxAgeMs: number;
    readonly requestBudget: number;
  };
  readonly limits: Limits;
  /** Absent where the file was checked before, when a bundle was made. */
  readonly secretPlaces?: SecretPlaces;
}
