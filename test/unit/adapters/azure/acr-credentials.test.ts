import { afterEach, describe, expect, test } from "vitest";
import { createAcrCredentials } from "../../../../shared/adapters/azure/acr-credentials.ts";
import { PipelineError } from "../../../../shared/errors.ts";
import { closeServers } from "../http-server.ts";
import { createClock, createTokens, serve, signal } from "./services.ts";

afterEach(closeServers);

const toJwt = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

const setUp = async (reply: Parameters<typeof serve>[0]) => {
  const { url, seen } = await serve(reply);
  const { tokens, asked } = createTokens();
  const clock = createClock();
  const credentials = createAcrCredentials({ tokens, fetch, clock, originOf: () => url });
  return { credentials, seen, asked, clock };
};

describe("ACR login", () => {
  test.each([
    ["acme.azurecr.io", "https://containerregistry.azure.net"],
    ["acme.eastus.data.azurecr.io", "https://containerregistry.azure.net"],
    ["acme.azurecr.de", "https://containerregistry.azure.net"],
    ["acme.azurecr.cn", "https://management.chinacloudapi.cn"],
    ["acme.azurecr.us", "https://management.usgovcloudapi.net"],
  ])("%s is Azure's; its token is for %s", async (host, resource) => {
    const { credentials, seen, asked } = await setUp(() => ({ json: { refresh_token: toJwt({}) } }));
    expect(await credentials(host, signal())).toMatchObject({
      username: "00000000-0000-0000-0000-000000000000",
    });
    expect(asked).toEqual([resource]);
    expect([seen[0]?.method, seen[0]?.path]).toEqual(["POST", "/oauth2/exchange"]);
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      grant_type: "access_token",
      service: host,
      access_token: "entra-token",
    });
  });

  test.each([
    "azurecr.io",
    "acme.azurecr.io.evil.example",
    "acme.azurecr.io:443",
    "ghcr.io",
    "evil.example/acme.azurecr.io\n",
    "acme-azurecr.io",
  ])("%s is not: nobody there gets our token", async (host) => {
    const { credentials, seen, asked } = await setUp(() => ({}));
    expect(await credentials(host, signal())).toBeUndefined();
    expect([seen.length, asked.length]).toEqual([0, 0]);
  });

  test("is kept for 80 % of the refresh token's life", async () => {
    const { credentials, seen, clock } = await setUp(() => ({
      json: { refresh_token: toJwt({ exp: 1_700_000_000 + 10_000 }) },
    }));
    await credentials("acme.azurecr.io", signal());
    clock.at += 7_999_000;
    await credentials("acme.azurecr.io", signal());
    expect(seen).toHaveLength(1);
    clock.at += 1_000;
    await credentials("acme.azurecr.io", signal());
    expect(seen).toHaveLength(2);
  });

  test("is made anew soon where the token does not say how long it lives", async () => {
    const { credentials, seen, clock } = await setUp(() => ({ json: { refresh_token: "opaque" } }));
    await credentials("acme.azurecr.io", signal());
    clock.at += 12 * 60_000;
    await credentials("acme.azurecr.io", signal());
    expect(seen).toHaveLength(2);
  });

  test.each([
    [401, "REGISTRY_DENIED"],
    [403, "REGISTRY_DENIED"],
    [429, "REGISTRY_UNAVAILABLE"],
    [500, "REGISTRY_UNAVAILABLE"],
    [302, "REGISTRY_UNAVAILABLE"],
  ])("an answer of %i is %s", async (status, code) => {
    const { credentials } = await setUp(() => ({ status, json: { refresh_token: "secret" } }));
    await expect(credentials("acme.azurecr.io", signal())).rejects.toMatchObject({ code });
  });

  test("without an Entra token it is the registry that cannot be reached", async () => {
    const credentials = createAcrCredentials({
      tokens: async () => {
        throw new PipelineError("managed identity: 500", { code: "SECRET_UNAVAILABLE" });
      },
      fetch,
      clock: createClock(),
    });
    await expect(credentials("acme.azurecr.io", signal())).rejects.toMatchObject({
      code: "REGISTRY_UNAVAILABLE",
    });
  });
});
