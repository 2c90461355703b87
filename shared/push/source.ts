import type { Secret } from "../artifact/secret.ts";
import type { IncomingRequest, Push } from "../ports.ts";
import type { AuthenticationResult, Authenticity } from "./authentication.ts";
import type { TokenRule } from "./token.ts";

export type SourceName =
  | "ecr"
  | "acr-eventgrid"
  | "acr-webhook"
  | "gar"
  | "ghcr"
  | "dockerhub"
  | "quay"
  | "harbor"
  | "zot"
  | "distribution"
  | "gitlab"
  | "jfrog"
  | "nexus"
  | "cloudevents"
  | "sluice";

export interface SourceOptions {
  /** Any of them is accepted, so that one can be replaced without a gap. */
  readonly secrets: readonly Secret[];
  /** Header that carries a plain secret; default `authorization`. */
  readonly header?: string;
  /** Host that clusters pull from; replaces the event's. */
  readonly registry?: string;
  /** First part of the name in events → what clients pull it as (Artifactory virtual repositories, Nexus paths). */
  readonly repositoryPaths?: Readonly<Record<string, string>>;
  /** How the sender's JWT is judged; only `gar` and `acr-eventgrid` look at it. */
  readonly token?: TokenRule;
  /** Artifactory's switch "use secret for payload signing"; absent: either form, as both need the secret. */
  readonly jfrogMode?: "secret" | "hmac";
  /** Event Grid: only this subscription's validation is answered. */
  readonly subscriptionName?: string;
  /** CloudEvents: origins whose OPTIONS request is granted. */
  readonly allowedOrigins?: readonly string[];
  /** Set by functions the platform itself invokes (EventBridge, Pub/Sub pull, Event Grid trigger); never for HTTP. */
  readonly platform?: boolean;
  /** Takes events although nothing is configured that could prove them. */
  readonly unauthenticated?: boolean;
  readonly nowMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The statuses that make this sender do the right thing. */
export interface AnswerStatuses {
  readonly accepted: number;
  readonly malformed: number;
  readonly unauthentic: number;
  /** Above the limit on events: nothing was stored, and whoever sends again is asked to. */
  readonly limited: number;
}

export interface PushSource {
  readonly name: SourceName;
  readonly authenticity: Authenticity;
  readonly maxBytes: number;
  readonly answers: AnswerStatuses;
  /** Looks at raw bytes and headers, never at parsed content. Throws only when it could not decide. */
  authenticate(
    request: IncomingRequest,
    options: SourceOptions,
  ): AuthenticationResult | Promise<AuthenticationResult>;
  /** Throws `PUSH_MALFORMED` or `PUSH_TOO_LARGE`, nothing else. */
  parse(request: IncomingRequest, options: SourceOptions): readonly Push[];
  /** An OPTIONS request's answer: consent to be called, which needs no proof. */
  consent?(request: IncomingRequest, options: SourceOptions): Answer | undefined;
  /** An authenticated request that asks for an answer instead of bringing pushes. */
  handshake?(request: IncomingRequest, options: SourceOptions): Answer | undefined;
}
