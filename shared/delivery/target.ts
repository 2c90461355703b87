import type { Secret } from "../artifact/secret.ts";
import type { HmacAlgorithm } from "./sign.ts";

/** How a Flux Receiver knows that it is us. `previousToken` is tried while a rotation is under way. */
export type FluxAuthentication =
  | {
      readonly kind: "generic-hmac";
      readonly algorithm: HmacAlgorithm;
      readonly token: Secret;
      readonly previousToken?: Secret;
    }
  /** One audience per receiver: a token that one cluster got must not open another. */
  | { readonly kind: "generic-oidc"; readonly audience: string }
  | { readonly kind: "generic"; readonly token: Secret; readonly previousToken?: Secret };

export interface FluxTarget {
  readonly kind: "flux";
  /** Origin and, where a proxy takes one off, a path prefix; see `parseBaseUrl`. */
  readonly baseUrl: string;
  readonly name: string;
  readonly namespace: string;
  readonly authentication: FluxAuthentication;
  /** Standard Webhooks keys, newest first; none: no such headers. */
  readonly signingKeys: readonly Secret[];
}

/** Any HTTPS endpoint. Its URL often carries a token, so it is a secret. */
export interface EndpointTarget {
  readonly kind: "endpoint";
  readonly url: Secret;
  readonly format: "json" | "cloudevents-binary" | "cloudevents-structured";
  /** Standard Webhooks keys, newest first. At least one, unless an audience is given. */
  readonly signingKeys: readonly Secret[];
  /** Sends an identity token of ours for this audience. */
  readonly audience?: string;
}

export type DeliveryTarget = FluxTarget | EndpointTarget;
