import { afterEach, describe, expect, test } from "vitest";
import { createAcrCredentials } from "../../../../shared/adapters/azure/acr-credentials.ts";
import { toJwt } from "../../../contract/moods.ts";
import { closeServers } from "../http-server.ts";
import { createClock, createTokens, serve, signal } from "./services.ts";

afterEach(closeServers);

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

  test.each(["azurecr.io", "acme-azurecr.io"])("%s is not", async (host) => {
    const { credentials, seen, asked } = await setUp(() => ({}));
    expect(await credentials(host, signal())).toBeUndefined();
    expect([seen.length, asked.length]).toEqual([0, 0]);
  });

  test("is made anew soon where the token does not say how long it lives", async () => {
    const { credentials, seen, clock } = await setUp(() => ({ json: { refresh_token: "opaque" } }));
    await credentials("acme.azurecr.io", signal());
    clock.at += 12 * 60_000;
    await credentials("acme.azurecr.io", signal());
    expect(seen).toHaveLength(2);
  });
});
