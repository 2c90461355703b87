// biome-ignore-all lint/performance/noBarrelFile: the package's one entry, which its users import by name
export type { Credentials, CredentialsSource } from "./authn/credentials.ts";
export { type DockerConfig, parseDockerConfig } from "./authn/docker-config.ts";
export type { AllowRealm } from "./authn/realm-policy.ts";
export { type Descriptor, type Manifest, MEDIA_TYPE, type Repository } from "./descriptor.ts";
export { type Digest, fallbackTagOf, isDigest, sha256 } from "./digest.ts";
export { OrasError, type OrasErrorCode } from "./errors.ts";
export {
  formatReference,
  formatRepository,
  isRepositoryPath,
  isTag,
  parseReference,
  parseRepository,
  type Reference,
} from "./name/reference.ts";
export { isLoopbackRegistry, parseRegistryHost, usesPlainHttpInGo } from "./name/registry-host.ts";
export { type Client, type ClientOptions, createClient } from "./remote/client.ts";
export type { CallOptions, Limits } from "./remote/context.ts";
export type { FetchBlobOptions } from "./remote/fetch-blob.ts";
export type { ListTagsOptions } from "./remote/list-tags.ts";
export type { PushBlobOptions, PushedBlob } from "./remote/push-blob.ts";
export type { PushManifestOptions } from "./remote/push-manifest.ts";
export type { ManifestToPush } from "./remote/put-manifest.ts";
export type { ReferrersOptions } from "./remote/referrers.ts";
