import { generateKeyPairSync } from "node:crypto";
import { STSClient } from "@aws-sdk/client-sts";
import { createAwsCallerIdentity } from "../../shared/adapters/aws/caller-identity.ts";
import { withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createEntraCallerIdentity } from "../../shared/adapters/azure/caller-identity.ts";
import { type EntraTokenSource, keepEntraTokens } from "../../shared/adapters/azure/entra-token.ts";
import { createFederatedIdentity } from "../../shared/adapters/azure/federated-identity.ts";
import { createManagedIdentity } from "../../shared/adapters/azure/managed-identity.ts";
import { createMetadataCallerIdentity } from "../../shared/adapters/gcp/metadata-server.ts";
import { createLocalIssuer } from "../../shared/adapters/node/local-issuer.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import type { CallerIdentity, Clock } from "../../shared/ports.ts";
import type { ServiceReply, ServiceRequest } from "../support/service-double.ts";
import { describeCallerIdentity, describeRemoteIdentity } from "./caller-identity.suite.ts";
import { awsSettings, json, LEAK, startMoodyService, toJwt } from "./moods.ts";

const START_MS = 1_700_000_000_000;
const LIFE_S = 1_000;

const createClock = () => {
  let nowMs = START_MS;
  return {
    nowMs: () => nowMs,
    advance(ms: number) {
      nowMs += ms;
    },
  };
};

describeCallerIdentity("an issuer of our own", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = new Secret(privateKey.export({ type: "pkcs8", format: "pem" }));
  const clock = createClock();
  const settings = { issuer: "https://sluice.example", subject: "sluice", keys: async () => [key] };
  const { token } = createLocalIssuer(settings, clock);
  return { identity: token, lifeMs: 600_000, advance: clock.advance, close: async () => {} };
});

/** How one service says who we are. */
interface Wire {
  audienceOf(request: ServiceRequest): string | null;
  token(token: string, nowMs: number): ServiceReply;
  readonly denied: ServiceReply;
  readonly headers?: Readonly<Record<string, string>>;
  open(url: string, clock: Clock): CallerIdentity;
}

const queryOf = ({ target }: ServiceRequest): URLSearchParams => new URLSearchParams(target.split("?")[1]);

const openEntra = (source: EntraTokenSource, clock: Clock): CallerIdentity =>
  createEntraCallerIdentity(keepEntraTokens(source, clock));

const WIRES: Readonly<Record<string, Wire>> = {
  STS: {
    audienceOf: ({ body }) => new URLSearchParams(body).get("Audience.member.1"),
    token: (token, nowMs) => ({
      headers: { "content-type": "text/xml" },
      body: `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>${token}</WebIdentityToken><Expiration>${new Date(nowMs + LIFE_S * 1_000).toISOString()}</Expiration></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`,
    }),
    denied: {
      status: 403,
      headers: { "content-type": "text/xml" },
      body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${LEAK}</Message></Error></ErrorResponse>`,
    },
    open: (url, clock) =>
      createAwsCallerIdentity(async () => withCappedAnswers(new STSClient(awsSettings(url))), clock),
  },
  "Entra, managed identity": {
    audienceOf: (request) => queryOf(request).get("resource"),
    token: (token, nowMs) => json(200, { access_token: token, expires_on: `${nowMs / 1_000 + LIFE_S}` }),
    denied: json(400, { error: "invalid_request", error_description: LEAK }),
    open: (url, clock) => openEntra(createManagedIdentity({ endpoint: { url, header: LEAK }, fetch }), clock),
  },
  "Entra, federated identity": {
    audienceOf: ({ body }) => new URLSearchParams(body).get("scope")?.replace(/\/\.default$/, "") ?? null,
    token: (token) => json(200, { access_token: token, expires_in: LIFE_S }),
    denied: json(401, { error: "invalid_client", error_description: LEAK }),
    open: (authority, clock) =>
      openEntra(
        createFederatedIdentity({
          authority,
          tenantId: "tenant",
          clientId: "client",
          assertion: async () => new Secret(LEAK),
          fetch,
          clock,
        }),
        clock,
      ),
  },
  "Google's metadata server": {
    audienceOf: (request) => queryOf(request).get("audience"),
    token: (token) => ({ body: token }),
    denied: { status: 403, body: LEAK },
    headers: { "metadata-flavor": "Google" },
    open: (url, { nowMs }) => createMetadataCallerIdentity({ fetch, nowMs, host: new URL(url).host }),
  },
};

for (const [name, { audienceOf, token, denied, headers, open }] of Object.entries(WIRES)) {
  describeRemoteIdentity(name, async () => {
    const clock = createClock();
    const given: string[] = [];
    const service = await startMoodyService(
      (request, mood) => {
        if (mood === "denies") return denied;
        if (mood === "empty") return token("", clock.nowMs());
        const exp = clock.nowMs() / 1_000 + LIFE_S;
        const jwt = toJwt({ aud: audienceOf(request), exp, jti: given.length });
        if (mood === "well") given.push(jwt);
        return token(jwt, clock.nowMs());
      },
      headers === undefined ? {} : { headers },
    );
    return {
      identity: open(service.double.url, clock),
      lifeMs: LIFE_S * 1_000,
      service,
      given,
      advance: clock.advance,
      close: () => service.double.close(),
    };
  });
}
