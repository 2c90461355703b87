import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createAmbientLogins } from "../../../functions/local/ambient.ts";
import type { RegistryLogin } from "../../../shared/ports.ts";
import { type ServiceDouble, type ServiceReply, startServiceDouble } from "../../support/service-double.ts";

const START_MS = 1_700_000_000_000;
const { signal } = new AbortController();
const ACR = "acme.azurecr.io";
const GAR = "europe-west1-docker.pkg.dev";
const ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

let nowMs = START_MS;
let folder = "";
let doubles: ServiceDouble[] = [];
const clock = { nowMs: () => nowMs };

beforeEach(async () => {
  nowMs = START_MS;
  folder = await mkdtemp(join(tmpdir(), "sluice-ambient-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const double of doubles.splice(0)) await double.close();
  await rm(folder, { recursive: true, force: true });
});

const start = async (reply: Parameters<typeof startServiceDouble>[0]): Promise<ServiceDouble> => {
  const double = await startServiceDouble(reply);
  doubles = [...doubles, double];
  return double;
};

/** Every address is the double's; which one was meant is kept. */
const open = async (
  env: Readonly<Record<string, string>>,
  reply: (url: URL, body: string) => ServiceReply | Promise<ServiceReply>,
  metadataTimeoutMs = 60_000,
) => {
  const asked: string[] = [];
  const urls: URL[] = [];
  const double = await start(({ body }) => reply(urls.at(-1) ?? new URL("http://nobody"), body));
  const to =
    (side: string): typeof globalThis.fetch =>
    (input, init) => {
      const url = new URL(String(input));
      urls.push(url);
      asked.push(`${side} ${url.host}`);
      return globalThis.fetch(`${double.url}${url.pathname}${url.search}`, init);
    };
  const logins = createAmbientLogins({
    env,
    clock,
    home: folder,
    inside: to("inside"),
    outside: to("outside"),
    metadataTimeoutMs,
  });
  return { logins, asked, urls, double };
};

const passwordOf = (login: RegistryLogin | undefined): string | undefined =>
  login !== undefined && "password" in login ? login.password.reveal() : undefined;

const json = (value: unknown): ServiceReply => ({ body: JSON.stringify(value) });
const expiringJwt = (lifeS: number): string =>
  `e30.${Buffer.from(JSON.stringify({ exp: START_MS / 1_000 + lifeS })).toString("base64url")}.s`;
const silent = () => new Promise<ServiceReply>(() => {});

describe("Azure's registries as who the machine is", () => {
  const entra = (url: URL): ServiceReply =>
    url.host === ACR
      ? json({ refresh_token: expiringJwt(1_000) })
      : json({ access_token: "entra", expires_on: START_MS / 1_000 + 3_600, expires_in: 3_600 });

  test("a virtual machine's identity, kept for 80 % of the login's life", async () => {
    const { logins, asked, urls } = await open({ AZURE_CLIENT_ID: "user-assigned" }, entra);
    expect(passwordOf(await logins.azure(ACR, signal))).toBe(expiringJwt(1_000));
    expect(asked).toEqual(["inside 169.254.169.254", `outside ${ACR}`]);
    expect(urls[0]?.searchParams.get("client_id")).toBe("user-assigned");
    nowMs += 799_999;
    await logins.azure(ACR, signal);
    expect(asked).toHaveLength(2);
    nowMs += 1;
    await logins.azure(ACR, signal);
    expect(asked).toHaveLength(3);
  });

  test("a container's identity", async () => {
    const env = { IDENTITY_ENDPOINT: "http://10.0.0.1:42/token", IDENTITY_HEADER: "proof" };
    const { logins, asked, double } = await open(env, entra);
    await logins.azure(ACR, signal);
    expect(asked[0]).toBe("inside 10.0.0.1:42");
    expect(double.seen[0]?.headers).toMatchObject({ "x-identity-header": "proof" });
  });

  test("a token that Kubernetes projects, without the newline at its end", async () => {
    const file = join(folder, "token");
    await writeFile(file, "projected\n");
    const { logins, asked, double } = await open(
      {
        AZURE_TENANT_ID: "tenant",
        AZURE_CLIENT_ID: "client",
        AZURE_FEDERATED_TOKEN_FILE: file,
        AZURE_AUTHORITY_HOST: "https://login.microsoftonline.us/",
      },
      entra,
    );
    await logins.azure(ACR, signal);
    expect(asked).toEqual(["outside login.microsoftonline.us", `outside ${ACR}`]);
    const form = new URLSearchParams(double.seen[0]?.body ?? "");
    expect(form.get("client_assertion")).toBe("projected");
    expect(double.seen[0]?.target).toBe("/tenant/oauth2/v2.0/token");
  });

  test("a metadata service that never answers ends in one clear line", async () => {
    const { logins } = await open({}, silent, 20);
    const failure = await logins.azure(ACR, signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "REGISTRY_UNAVAILABLE" });
    expect(String(failure)).toMatch(/^\S+ acme\.azurecr\.io: no Azure identity here, [^\n]+$/);
  });
});

describe("Google's registries as who the machine is", () => {
  const metadata = (): ServiceReply => ({
    ...json({ access_token: "google", expires_in: 1_000 }),
    headers: { "metadata-flavor": "Google" },
  });

  test("the service account of the machine, for 80 % of its token's life", async () => {
    const { logins, asked } = await open({}, metadata);
    expect(passwordOf(await logins.google(GAR, signal))).toBe("google");
    nowMs += 799_999;
    await logins.google(GAR, signal);
    expect(asked).toEqual(["inside metadata.google.internal"]);
    nowMs += 1;
    await logins.google(GAR, signal);
    expect(asked).toHaveLength(2);
  });

  test("a person's login comes first; the metadata server is not asked", async () => {
    const { logins, asked } = await open({ GOOGLE_OAUTH_ACCESS_TOKEN: "mine" }, metadata);
    expect(passwordOf(await logins.google(GAR, signal))).toBe("mine");
    expect(asked).toEqual([]);
  });

  test("a metadata server that never answers ends in one clear line", async () => {
    const { logins } = await open({}, silent, 20);
    const failure = await logins.google(GAR, signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "REGISTRY_UNAVAILABLE" });
    expect(String(failure)).toMatch(
      /^\S+ europe-west1-docker\.pkg\.dev: no login, [^\n]*metadata server: cannot be reached[^\n]+$/,
    );
  });
});

describe("ECR as who the machine is", () => {
  /** AWS's own client looks for these itself, in the process's environment. */
  const surround = (variables: Readonly<Record<string, string>>) => {
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_CONFIG_FILE", join(folder, "none"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "none"));
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  };
  const authorization = {
    authorizationToken: Buffer.from("AWS:ecr-password").toString("base64"),
    expiresAt: START_MS / 1_000 + 1_000,
  };
  const instance = ({
    target,
    headers,
  }: {
    readonly target: string;
    readonly headers: object;
  }): ServiceReply => {
    if (target === "/latest/api/token") return { body: "session", headers: { "content-type": "text/plain" } };
    const role = "/latest/meta-data/iam/security-credentials/";
    if (target === role) return { body: "sluice" };
    if (target === `${role}sluice`) {
      return json({
        Code: "Success",
        AccessKeyId: "AKID",
        SecretAccessKey: "secret",
        Token: "session-token",
        Expiration: "2999-01-01T00:00:00Z",
      });
    }
    const isPublic = "x-amz-target" in headers && String(headers["x-amz-target"]).startsWith("Spencer");
    return json({ authorizationData: isPublic ? authorization : [authorization] });
  };

  test("an instance's role, kept for 80 % of the login's life, ECR Public too", async () => {
    const double = await start(instance);
    surround({ AWS_EC2_METADATA_SERVICE_ENDPOINT: double.url, AWS_ENDPOINT_URL: double.url });
    const { logins } = await open({}, silent);
    expect(passwordOf(await logins.aws(ECR, signal))).toBe("ecr-password");
    const asked = () => double.seen.filter(({ headers }) => headers["x-amz-target"] !== undefined);
    expect(asked().at(-1)?.headers.authorization).toContain("Credential=AKID/");
    nowMs += 799_999;
    await logins.aws(ECR, signal);
    expect(asked()).toHaveLength(1);
    nowMs += 1;
    await logins.aws(ECR, signal);
    expect(asked()).toHaveLength(2);
    nowMs = START_MS;
    const login = await logins.aws("public.ecr.aws", signal);
    expect(login).toHaveProperty("bearer");
  });

  test.each([ECR, "public.ecr.aws"])("%s: nobody to log in as ends in one clear line", async (host) => {
    const nowhere = await start(() => ({ status: 404 }));
    surround({ AWS_EC2_METADATA_SERVICE_ENDPOINT: nowhere.url, AWS_ENDPOINT_URL: nowhere.url });
    const { logins } = await open({}, silent);
    const failure = await logins.aws(host, signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "REGISTRY_DENIED" });
    expect(String(failure)).toContain(`${host}, GetAuthorizationToken: no AWS identity here, `);
  });
});

describe("whose registry it is", () => {
  test.each([
    ["aws", GAR],
    ["aws", `${ECR}.evil.example`],
    ["azure", ECR],
    ["azure", "acme.azurecr.io.evil.example"],
    ["google", ACR],
    ["google", "docker.pkg.dev.evil.example"],
  ] as const)("%s knows nothing of %s, and asks nobody", async (cloud, host) => {
    const { logins, asked } = await open({}, silent);
    expect(await logins[cloud](host, signal)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

test("starting loads no cloud's SDK", async () => {
  const script = `
    import { registerHooks } from "node:module";
    const seen = [];
    registerHooks({ resolve(name, context, next) { seen.push(name); return next(name, context); } });
    const { createMachinePlatform } = await import(${JSON.stringify(new URL("../../../functions/local/ambient.ts", import.meta.url).href)});
    createMachinePlatform({}, { nowMs: Date.now }).ambient(fetch);
    await import(${JSON.stringify(new URL("../../../functions/local/serve.ts", import.meta.url).href)});
    console.log(JSON.stringify({ count: seen.length, sdks: seen.filter((name) => /^@(aws-sdk|smithy|azure|google-cloud)\\//.test(name)) }));
  `;
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { count, sdks } = JSON.parse(stdout) as { readonly count: number; readonly sdks: string[] };
  expect(count).toBeGreaterThan(20);
  expect(sdks).toEqual([]);
}, 60_000);
