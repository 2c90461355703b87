import type { ObjectRef, SecretRef } from "../ports.ts";
import type { DecisionOutcome } from "../state.ts";
import type { RepositoryGlob } from "./repository-glob.ts";

/** How connections to one cluster or endpoint are made, and how many. */
export interface TransportSettings {
  readonly allowPrivateAddresses: boolean;
  readonly ca?: string;
  readonly clientCertificate?: { readonly certificate: string; readonly key: SecretRef };
  /** Requests at the same time, to one receiver. */
  readonly concurrency: number;
  /** Between the starts of two requests to one receiver. */
  readonly intervalMs: number;
}

export interface ReceiverSettings extends TransportSettings {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly algorithm: "sha256" | "sha512";
  readonly token?: SecretRef;
  /** By `<namespace>/<name>` of the Receiver; before `token`. */
  readonly tokens: ReadonlyMap<string, SecretRef>;
  readonly previousToken?: SecretRef;
  readonly previousTokens: ReadonlyMap<string, SecretRef>;
  readonly audience?: string;
  /** As `tokens`, before `audience`. */
  readonly audiences: ReadonlyMap<string, string>;
  /** Standard Webhooks keys, newest first. */
  readonly signingKeys: readonly SecretRef[];
}

/** Where a cluster sends its own events, and what silence means. */
export interface ConfirmationSettings {
  readonly path: string;
  readonly secrets: readonly SecretRef[];
  readonly withinMs: number;
  readonly repokes: number;
}

/** Where flux-operator asks for a cluster's verified versions. */
export interface InputSettings {
  readonly path: string;
  readonly tokens: readonly SecretRef[];
  /** Empty: every repository. */
  readonly repositories: readonly RepositoryGlob[];
  /** The ResourceSetInputProviders that ask. */
  readonly providers: readonly ObjectRef[];
  readonly limit: number;
}

/** An HTTPS endpoint outside of Flux that hears of decisions. */
export interface EndpointSettings extends TransportSettings {
  readonly name: string;
  /** The address, or where it is kept: it often holds a token. */
  readonly url: string | SecretRef;
  /** Standard Webhooks keys, newest first. */
  readonly secrets: readonly SecretRef[];
  readonly audience?: string;
  readonly format: "json" | "cloudevents-binary" | "cloudevents-structured";
  readonly decisions: readonly DecisionOutcome[];
  /** Empty: every repository. */
  readonly repositories: readonly RepositoryGlob[];
  /** Empty: every cluster. */
  readonly clusters: readonly string[];
}

/** Who vouches for Sluice to `generic-oidc` Receivers where no cloud does. */
export type IdentitySettings =
  | {
      readonly kind: "issuer";
      /** Without a slash at the end. */
      readonly issuer: string;
      readonly subject: string;
      /** PEM; the first one signs, all are published. */
      readonly keys: readonly SecretRef[];
    }
  /** Tokens that something else keeps fresh, by audience. */
  | { readonly kind: "tokens"; readonly tokens: ReadonlyMap<string, SecretRef> };
