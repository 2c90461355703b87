import type { ObjectRef, SecretRef } from "../ports.ts";
import type {
  ConfirmationSettings,
  EndpointSettings,
  IdentitySettings,
  InputSettings,
  ReceiverSettings,
  TransportSettings,
} from "./delivery-settings.ts";
import type { ConfigInput } from "./schema.ts";
import { toPath, toSecretRef, type WithFolder } from "./to-references.ts";
import { toGlobs } from "./to-rules.ts";

const MINUTE_MS = 60_000;

type ClusterInput = ConfigInput["clusters"][number];
type ReceiverInput = NonNullable<ClusterInput["receiver"]>;
type EndpointInput = NonNullable<ConfigInput["endpoints"]>[number];

const toTokens = (
  input: Readonly<Record<string, SecretRef>> | undefined,
  at: WithFolder,
): ReadonlyMap<string, SecretRef> =>
  new Map(Object.entries(input ?? {}).map(([key, secret]) => [key, toSecretRef(secret, at)]));

const toSecrets = (input: readonly SecretRef[] | undefined, at: WithFolder): readonly SecretRef[] =>
  (input ?? []).map((ref) => toSecretRef(ref, at));

type TransportInput = Pick<
  ReceiverInput | EndpointInput,
  "allowPrivateAddresses" | "ca" | "clientCertificate" | "concurrency" | "requestsPerMinute"
>;

const toTransport = (input: TransportInput, at: WithFolder): TransportSettings => ({
  allowPrivateAddresses: input.allowPrivateAddresses ?? false,
  ...(input.ca === undefined ? {} : { ca: toPath(input.ca, at) }),
  ...(input.clientCertificate === undefined
    ? {}
    : {
        clientCertificate: {
          certificate: toPath(input.clientCertificate.certificate, at),
          key: toSecretRef(input.clientCertificate.key, at),
        },
      }),
  concurrency: input.concurrency ?? 1,
  intervalMs: input.requestsPerMinute === undefined ? 0 : Math.ceil(MINUTE_MS / input.requestsPerMinute),
});

export const toReceiver = (input: ReceiverInput, at: WithFolder): ReceiverSettings => ({
  baseUrl: input.baseUrl.replace(/\/+$/, ""),
  algorithm: input.algorithm ?? "sha256",
  ...(input.token === undefined ? {} : { token: toSecretRef(input.token, at) }),
  tokens: toTokens(input.tokens, at),
  ...(input.previousToken === undefined ? {} : { previousToken: toSecretRef(input.previousToken, at) }),
  previousTokens: toTokens(input.previousTokens, at),
  ...(input.audience === undefined ? {} : { audience: input.audience }),
  audiences: new Map(Object.entries(input.audiences ?? {})),
  signingKeys: toSecrets(
    [input.signingKey, input.previousSigningKey].filter((ref) => ref !== undefined),
    at,
  ),
  ...toTransport(input, at),
});

export const toConfirmation = (
  input: NonNullable<ClusterInput["confirmation"]>,
  cluster: string,
  at: WithFolder,
): ConfirmationSettings => ({
  path: input.path ?? `/clusters/${cluster}/events`,
  secrets: toSecrets(input.secrets, at),
  withinMs: input.within ?? 5 * MINUTE_MS,
  repokes: input.repokes ?? 2,
});

const toProvider = (written: string): ObjectRef => {
  const [namespace = "", name = ""] = written.split("/");
  return { apiVersion: "fluxcd.controlplane.io/v1", kind: "ResourceSetInputProvider", namespace, name };
};

export const toInputs = (
  input: NonNullable<ClusterInput["inputs"]>,
  cluster: string,
  at: WithFolder,
): InputSettings => ({
  path: input.path ?? `/clusters/${cluster}/inputs`,
  tokens: toSecrets(input.tokens, at),
  repositories: toGlobs(input.repositories ?? []),
  providers: (input.providers ?? []).map(toProvider),
  limit: input.limit ?? 100,
});

export const toEndpoint = (input: EndpointInput, at: WithFolder): EndpointSettings => ({
  name: input.name,
  url: typeof input.url === "string" ? input.url : toSecretRef(input.url, at),
  secrets: toSecrets(input.secrets, at),
  ...(input.audience === undefined ? {} : { audience: input.audience }),
  format: input.format ?? "json",
  decisions: input.decisions ?? ["notify"],
  repositories: toGlobs(input.repositories ?? []),
  clusters: input.clusters ?? [],
  ...toTransport(input, at),
});

export const toIdentity = (input: NonNullable<ConfigInput["identity"]>, at: WithFolder): IdentitySettings =>
  "issuer" in input
    ? {
        kind: "issuer",
        issuer: input.issuer.replace(/\/+$/, ""),
        subject: input.subject ?? "sluice",
        keys: toSecrets(input.keys, at),
      }
    : { kind: "tokens", tokens: toTokens(input.tokens, at) };
