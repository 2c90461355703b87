import { afterEach, describe, expect, test } from "vitest";
import {
  createMetadataAccessToken,
  createMetadataCallerIdentity,
} from "../../../../shared/adapters/gcp/metadata-server.ts";
import { createGoogleRegistryCredentials } from "../../../../shared/adapters/gcp/registry-credentials.ts";
import { createWorkloadIdentityToken } from "../../../../shared/adapters/gcp/workload-identity.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import { toJwt } from "../../../contract/moods.ts";
import {
  type ServiceDouble,
  type ServiceReply,
  startServiceDouble,
} from "../../../support/service-double.ts";

const { signal } = new AbortController();
const PROVIDER = "projects/1/locations/global/workloadIdentityPools/aws/providers/sluice";
const START_MS = 1_700_000_000_000;

const flavored = (body: string): ServiceReply => ({ headers: { "metadata-flavor": "Google" }, body });
let double: ServiceDouble;
let nowMs = START_MS;

const start = async (reply: Parameters<typeof startServiceDouble>[0]): Promise<ServiceDouble> => {
  nowMs = START_MS;
  double = await startServiceDouble(reply);
  return double;
};
afterEach(() => double.close());

const metadata = ({ host }: ServiceDouble) => ({ fetch: globalThis.fetch, nowMs: () => nowMs, host });

describe("metadata server", () => {
  test("believes nobody else who answers at its name", async () => {
    const token = createMetadataAccessToken(
      metadata(await start(() => ({ body: JSON.stringify({ access_token: "evil", expires_in: 60 }) }))),
    );
    await expect(token(signal)).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE" });
  });

  test("is asked for an identity token with all claims, as Google documents it", async () => {
    const identity = createMetadataCallerIdentity(
      metadata(await start(() => flavored(toJwt({ exp: nowMs / 1_000 + 100 })))),
    );
    await identity("https://one.example/a b", signal);
    expect(double.seen[0]?.target).toBe(
      "/computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Fone.example%2Fa+b&format=full",
    );
  });
});

describe("workload identity federation", () => {
  const options = ({ url }: ServiceDouble) => ({
    fetch: globalThis.fetch,
    nowMs: () => nowMs,
    provider: PROVIDER,
    stsUrl: url,
    iamCredentialsUrl: url,
    identity: async (audience: string) => new Secret(`token for ${audience}`),
  });

  test("exchanges the other platform's token as RFC 8693 says", async () => {
    await start(() => ({
      body: JSON.stringify({ access_token: "google", expires_in: 3_600, token_type: "Bearer" }),
    }));
    const token = createWorkloadIdentityToken(options(double));
    expect((await token(signal)).reveal()).toBe("google");
    const [seen] = double.seen;
    expect(seen?.target).toBe("/v1/token");
    expect(Object.fromEntries(new URLSearchParams(seen?.body))).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `//iam.googleapis.com/${PROVIDER}`,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token: `token for https://iam.googleapis.com/${PROVIDER}`,
    });
  });

  test("acts as a service account where one is named", async () => {
    await start(({ target }) => ({
      body: JSON.stringify(
        target === "/v1/token"
          ? { access_token: "federated", expires_in: 3_600 }
          : { accessToken: "impersonated", expireTime: new Date(nowMs + 1_000_000).toISOString() },
      ),
    }));
    const token = createWorkloadIdentityToken({
      ...options(double),
      serviceAccount: "sluice@p.iam.gserviceaccount.com",
    });
    expect((await token(signal)).reveal()).toBe("impersonated");
    expect(double.seen[1]).toMatchObject({
      target: "/v1/projects/-/serviceAccounts/sluice%40p.iam.gserviceaccount.com:generateAccessToken",
      headers: { authorization: "Bearer federated" },
    });
  });

  test("a refusal names the reason and shows no token", async () => {
    await start(() => ({
      status: 400,
      body: JSON.stringify({ error: "invalid_grant", error_description: "bad subject token for https" }),
    }));
    const error: unknown = await createWorkloadIdentityToken(options(double))(signal).catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({
      code: "SECRET_UNAVAILABLE",
      message: `workload identity federation: ${double.host} answered 400 (invalid_grant)`,
    });
  });
});

describe("logins to Google's registries", () => {
  const credentials = createGoogleRegistryCredentials(async () => new Secret("t"));

  test.each([
    ["europe-west1-docker.pkg.dev", true],
    ["us-docker.pkg.dev", true],
    ["gcr.io", true],
    ["eu.gcr.io", true],
    ["evil-gcr.io", false],
    ["docker.pkg.dev", false],
  ])("%s: %s", async (host, known) => {
    await start(() => ({}));
    const login = await credentials(host, signal);
    expect(login === undefined).toBe(!known);
    if (login !== undefined && "username" in login) expect(login.username).toBe("oauth2accesstoken");
  });
});
