import { afterEach, describe, expect, test } from "vitest";
import { createFederatedLogins } from "../../../functions/wiring/registry/federation.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import type { FederationSettings } from "../../../shared/config/config.ts";
import { type ServiceDouble, type ServiceRequest, startServiceDouble } from "../../support/service-double.ts";

const { signal } = new AbortController();
const NOW_MS = Date.parse("2026-10-01T12:34:56Z");
const clock = { nowMs: () => NOW_MS };
const PROVIDER = "projects/1/locations/global/workloadIdentityPools/pool/providers/aws-1";
const GOOGLE: FederationSettings = { kind: "google", provider: PROVIDER };
const AZURE: FederationSettings = {
  kind: "azure",
  tenantId: "72f988bf-86f1-41af-91ab-2d7cd011db47",
  clientId: "00000003-0000-0000-c000-000000000000",
};
const ROLE = "arn:aws:iam::123456789012:role/reads";
const AWS: FederationSettings = { kind: "aws", roleArn: ROLE };
const ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

let clouds: ServiceDouble;
let hosts: string[] = [];

/** All clouds on loopback: which host was meant is in the path. */
const open = async (
  reply: (request: ServiceRequest, host: string) => { readonly status?: number; readonly body: string },
  hasIdentity = true,
) => {
  hosts = [];
  clouds = await startServiceDouble((request) => reply(request, hosts.at(-1) ?? ""));
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = new URL(String(input));
    hosts.push(url.host);
    return globalThis.fetch(`${clouds.url}${url.pathname}${url.search}`, init);
  };
  const audiences: string[] = [];
  const identity = async (audience: string): Promise<Secret> => {
    audiences.push(audience);
    return new Secret("our-token");
  };
  const logIn = createFederatedLogins({ fetch, clock, identity: hasIdentity ? identity : undefined });
  return { logIn, audiences };
};
afterEach(() => clouds.close());

const form = (request: ServiceRequest | undefined) =>
  Object.fromEntries(new URLSearchParams(request?.body ?? ""));

describe("logins by federation", () => {
  test("Google's registries, once for many requests", async () => {
    const { logIn, audiences } = await open(() => ({
      body: JSON.stringify({ access_token: "google-token", expires_in: 3_600 }),
    }));
    const login = await logIn(GOOGLE, "europe-west1-docker.pkg.dev", signal);
    expect("username" in login && [login.username, login.password.reveal()]).toEqual([
      "oauth2accesstoken",
      "google-token",
    ]);
    await logIn(GOOGLE, "europe-west1-docker.pkg.dev", signal);
    expect(hosts).toEqual(["sts.googleapis.com"]);
    expect(audiences).toEqual([`https://iam.googleapis.com/${PROVIDER}`]);
  });

  test("Azure's registries", async () => {
    const { logIn, audiences } = await open((_request, host) => ({
      body: JSON.stringify(
        host === "acme.azurecr.io"
          ? { refresh_token: "acr-token" }
          : { access_token: "entra-token", expires_in: 3_600 },
      ),
    }));
    const login = await logIn(AZURE, "acme.azurecr.io", signal);
    expect("password" in login && login.password.reveal()).toBe("acr-token");
    expect(hosts).toEqual(["login.microsoftonline.com", "acme.azurecr.io"]);
    expect(form(clouds.seen[0])).toMatchObject({ client_assertion: "our-token" });
    expect(audiences).toEqual(["api://AzureADTokenExchange"]);
  });

  test("ECR, by a role and a signed request", async () => {
    const { logIn, audiences } = await open((_request, host) => ({
      body: host.startsWith("sts.")
        ? "<r><Credentials><AccessKeyId>AKID</AccessKeyId><SecretAccessKey>s+k/</SecretAccessKey><SessionToken>st==</SessionToken></Credentials></r>"
        : JSON.stringify({
            authorizationData: [
              {
                authorizationToken: Buffer.from("AWS:ecr:password").toString("base64"),
                expiresAt: NOW_MS / 1_000 + 43_200,
              },
            ],
          }),
    }));
    const login = await logIn(AWS, ECR, signal);
    expect("username" in login && [login.username, login.password.reveal()]).toEqual(["AWS", "ecr:password"]);
    expect(hosts).toEqual(["sts.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com"]);
    expect(form(clouds.seen[0])).toMatchObject({ RoleArn: ROLE, WebIdentityToken: "our-token" });
    expect(audiences).toEqual(["sts.amazonaws.com"]);
    const { authorization = "", ...headers } = clouds.seen[1]?.headers ?? {};
    expect(headers).toMatchObject({
      "x-amz-date": "20261001T123456Z",
      "x-amz-security-token": "st==",
      "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    });
    // As AWS's own client signs the same request.
    expect(authorization).toBe(
      "AWS4-HMAC-SHA256 Credential=AKID/20261001/eu-west-1/ecr/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=5684d788f5dbe048ba49e829177a11b0c36aeabbd2991e89f4aa1f34cc034490",
    );
    expect(await logIn(AWS, ECR, signal)).toBe(login);
    expect(hosts).toHaveLength(2);
  });

  test.each([
    [GOOGLE, "acme.azurecr.io"],
    [AZURE, ECR],
    [AWS, "europe-west1-docker.pkg.dev"],
    [AWS, "public.ecr.aws"],
  ])("$kind: no token goes to a registry that is another's (%s)", async (settings, host) => {
    const { logIn } = await open(() => ({ body: "{}" }));
    await expect(logIn(settings, host, signal)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(hosts).toEqual([]);
  });

  test("without an identity it is said what to write", async () => {
    const { logIn } = await open(() => ({ body: "{}" }), false);
    await expect(logIn(AWS, ECR, signal)).rejects.toThrow(/write `identity` in sluice\.yaml/);
  });

  test.each([
    [
      "STS",
      (host: string) =>
        host.startsWith("sts.")
          ? {
              status: 403,
              body: "<E><Error><Code>AccessDenied</Code><Message>our-token</Message></Error></E>",
            }
          : { body: "{}" },
      "sts.eu-west-1.amazonaws.com answered 403 (AccessDenied)",
      "REGISTRY_DENIED",
    ],
    [
      "ECR",
      (host: string) =>
        host.startsWith("sts.")
          ? {
              body: "<AccessKeyId>A</AccessKeyId><SecretAccessKey>B</SecretAccessKey><SessionToken>C</SessionToken>",
            }
          : { status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' },
      "api.ecr.eu-west-1.amazonaws.com answered 400 (AccessDeniedException)",
      "REGISTRY_DENIED",
    ],
    [
      "an answer without credentials",
      () => ({ body: "<r/>" }),
      "STS answered without credentials",
      "REGISTRY_UNAVAILABLE",
    ],
  ])("a refusal by %s names the reason and no token", async (_what, reply, words, code) => {
    const { logIn } = await open((_request, host) => reply(host));
    const error: unknown = await logIn(AWS, ECR, signal).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: `${ECR}: ${words}` });
  });
});
