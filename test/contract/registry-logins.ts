import { ECRClient } from "@aws-sdk/client-ecr";
import { ECRPUBLICClient } from "@aws-sdk/client-ecr-public";
import { withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createEcrCredentials } from "../../shared/adapters/aws/ecr/credentials.ts";
import { createFederatedEcrCredentials } from "../../shared/adapters/aws/ecr/federated-credentials.ts";
import { createAcrCredentials } from "../../shared/adapters/azure/acr-credentials.ts";
import { type EntraTokenSource, keepEntraTokens } from "../../shared/adapters/azure/entra-token.ts";
import { createFederatedIdentity } from "../../shared/adapters/azure/federated-identity.ts";
import { createManagedIdentity } from "../../shared/adapters/azure/managed-identity.ts";
import { createMetadataAccessToken } from "../../shared/adapters/gcp/metadata-server.ts";
import { createGoogleRegistryCredentials } from "../../shared/adapters/gcp/registry-credentials.ts";
import { createWorkloadIdentityToken } from "../../shared/adapters/gcp/workload-identity.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import type { Clock, RegistryCredentials } from "../../shared/ports.ts";
import type { ServiceReply, ServiceRequest } from "../support/service-double.ts";
import { awsSettings, json, LEAK, toJwt } from "./moods.ts";
import type { LoginFacts } from "./registry-credentials.suite.ts";

export const LIFE_S = 1_000;

/** How one kind of registry gives logins. */
export interface LoginWire {
  readonly facts: Omit<LoginFacts, "lifeMs">;
  /** The step whose service has moods; absent: there is only one. */
  readonly moody?: (request: ServiceRequest) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly denied: ServiceReply;
  /** A moody step's answer without what it is asked for; absent: a login without a password. */
  readonly empty?: ServiceReply;
  /** A new password, where it says itself how long it lives; default: any text. */
  password?(count: number, nowMs: number): string;
  /** What the steps before the login answer; absent: this is the login's own. */
  readonly steps?: (request: ServiceRequest, nowMs: number) => ServiceReply | undefined;
  login(password: string, nowMs: number): ServiceReply;
  open(url: string, clock: Clock): RegistryCredentials;
}

const awsError = (word: string): ServiceReply => json(400, { __type: word, message: LEAK });
const identity = async () => new Secret(LEAK);

/** Every host is the service; which one was meant is in the path. */
const toService =
  (service: string): typeof globalThis.fetch =>
  (input, init) => {
    const { host, pathname, search } = new URL(String(input));
    return fetch(`${service}/${host}${pathname}${search}`, init);
  };

const openEcr = (url: string, clock: Clock): RegistryCredentials =>
  createEcrCredentials(
    {
      ecr: async (region) => withCappedAnswers(new ECRClient(awsSettings(url, region))),
      ecrPublic: async () => withCappedAnswers(new ECRPUBLICClient(awsSettings(url, "us-east-1"))),
    },
    clock,
    { anonymousPublic: false },
  );

const authorization = (text: string, nowMs: number) => ({
  authorizationToken: text,
  expiresAt: nowMs / 1_000 + LIFE_S,
});
const basic = (password: string): string => Buffer.from(`AWS:${password}`).toString("base64");

const ECR_FACTS = {
  host: "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  username: "AWS",
  other: "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
  denied: "REGISTRY_DENIED",
} as const;

const ecr: LoginWire = {
  facts: { ...ECR_FACTS, sharing: "210987654321.dkr.ecr.eu-west-1.amazonaws.com" },
  denied: awsError("AccessDeniedException"),
  login: (password, nowMs) => json(200, { authorizationData: [authorization(basic(password), nowMs)] }),
  open: openEcr,
};

const ecrPublic: LoginWire = {
  facts: { host: "public.ecr.aws", denied: "REGISTRY_DENIED" },
  denied: awsError("AccessDeniedException"),
  login: (token, nowMs) => json(200, { authorizationData: authorization(token, nowMs) }),
  open: openEcr,
};

const isSts = ({ target }: ServiceRequest): boolean => target.startsWith("/sts.");
const SESSION = `<r><AccessKeyId>AKID</AccessKeyId><SecretAccessKey>${LEAK}</SecretAccessKey><SessionToken>${LEAK}</SessionToken></r>`;

const federatedEcr: LoginWire = {
  ...ecr,
  facts: ECR_FACTS,
  moody: (request) => !isSts(request),
  steps: (request) => (isSts(request) ? { body: SESSION } : undefined),
  open: (url, clock) =>
    createFederatedEcrCredentials({
      fetch: toService(url),
      clock,
      identity,
      roleArn: "arn:aws:iam::123456789012:role/reads",
    }),
};

const isExchange = ({ target }: ServiceRequest): boolean => target === "/oauth2/exchange";

const acr: LoginWire = {
  facts: {
    host: "acme.azurecr.io",
    username: "00000000-0000-0000-0000-000000000000",
    other: "other.azurecr.io",
    denied: "REGISTRY_DENIED",
  },
  moody: isExchange,
  steps: (request, nowMs) =>
    isExchange(request)
      ? undefined
      : json(200, { access_token: LEAK, expires_in: 3_600, expires_on: nowMs / 1_000 + 3_600 }),
  denied: json(401, { errors: [{ code: "UNAUTHORIZED", message: LEAK }] }),
  password: (count, nowMs) => toJwt({ jti: count, exp: nowMs / 1_000 + LIFE_S }),
  login: (password) => json(200, { refresh_token: password }),
  open: (url, clock) =>
    openAcr(createManagedIdentity({ endpoint: { url: `${url}/msi`, header: LEAK }, fetch }), url, clock),
};

const openAcr = (source: EntraTokenSource, url: string, clock: Clock): RegistryCredentials =>
  createAcrCredentials({ tokens: keepEntraTokens(source, clock), fetch, clock, originOf: () => url });

const openFederatedAcr = (authority: string, clock: Clock): RegistryCredentials =>
  openAcr(
    createFederatedIdentity({
      authority,
      tenantId: "tenant",
      clientId: "client",
      assertion: identity,
      fetch,
      clock,
    }),
    authority,
    clock,
  );

const google: LoginWire = {
  // There is no login but the token: who refuses it is no registry.
  facts: {
    host: "europe-west1-docker.pkg.dev",
    username: "oauth2accesstoken",
    sharing: "eu.gcr.io",
    denied: "REGISTRY_UNAVAILABLE",
  },
  headers: { "metadata-flavor": "Google" },
  denied: { status: 403, body: LEAK },
  login: (token) => json(200, { access_token: token, expires_in: LIFE_S }),
  open: (url, { nowMs }) =>
    createGoogleRegistryCredentials(createMetadataAccessToken({ fetch, nowMs, host: new URL(url).host })),
};

const openFederatedGoogle = (url: string, { nowMs }: Clock, serviceAccount?: string): RegistryCredentials =>
  createGoogleRegistryCredentials(
    createWorkloadIdentityToken({
      fetch,
      nowMs,
      identity,
      provider: "projects/1/locations/global/workloadIdentityPools/pool/providers/aws",
      stsUrl: url,
      iamCredentialsUrl: url,
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
    }),
  );

const federatedGoogle: LoginWire = {
  ...google,
  denied: json(400, { error: "invalid_grant", error_description: LEAK }),
  open: openFederatedGoogle,
};

const isToken = ({ target }: ServiceRequest): boolean => target === "/v1/token";

export const LOGIN_WIRES: Readonly<Record<string, LoginWire>> = {
  ECR: ecr,
  "ECR Public": ecrPublic,
  "ECR by federation": federatedEcr,
  "ECR by federation, STS": {
    ...federatedEcr,
    moody: isSts,
    empty: { body: SESSION.replaceAll(LEAK, "") },
    denied: {
      status: 403,
      body: `<E><Error><Code>AccessDenied</Code><Message>${LEAK}</Message></Error></E>`,
    },
  },
  "ACR by managed identity": acr,
  "ACR by managed identity, the identity": {
    ...acr,
    facts: { ...acr.facts, denied: "REGISTRY_UNAVAILABLE" },
    moody: (request) => !isExchange(request),
    empty: json(200, { access_token: "", expires_in: 3_600, expires_on: 4_000_000_000 }),
  },
  "ACR by federation": { ...acr, open: openFederatedAcr },
  "ACR by federation, Entra": {
    ...acr,
    facts: { ...acr.facts, denied: "REGISTRY_UNAVAILABLE" },
    moody: (request) => !isExchange(request),
    empty: json(200, { access_token: "", expires_in: 3_600, expires_on: 4_000_000_000 }),
    open: openFederatedAcr,
  },
  "Google by the metadata server": google,
  "Google by federation": federatedGoogle,
  "Google by federation, as a service account": {
    ...federatedGoogle,
    moody: (request) => !isToken(request),
    denied: json(403, { error: { status: "PERMISSION_DENIED", message: LEAK } }),
    steps: (request) =>
      isToken(request) ? json(200, { access_token: LEAK, expires_in: LIFE_S }) : undefined,
    login: (accessToken, nowMs) =>
      json(200, { accessToken, expireTime: new Date(nowMs + LIFE_S * 1_000).toISOString() }),
    open: (url, clock) => openFederatedGoogle(url, clock, "sluice@p.iam.gserviceaccount.com"),
  },
};
