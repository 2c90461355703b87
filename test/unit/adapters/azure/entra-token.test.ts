import { afterEach, describe, expect, test } from "vitest";
import { createFederatedIdentity } from "../../../../shared/adapters/azure/federated-identity.ts";
import { createManagedIdentity } from "../../../../shared/adapters/azure/managed-identity.ts";
import { toTokenCredential } from "../../../../shared/adapters/azure/token-credential.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import { closeServers } from "../http-server.ts";
import { createClock, createTokens, serve, signal } from "./services.ts";

afterEach(closeServers);

describe("managed identity", () => {
  test("asks the function's own endpoint, with its header and the identity's client id", async () => {
    const { url, seen } = await serve(() => ({
      json: { access_token: "t", expires_on: "1700003600", resource: "r", token_type: "Bearer" },
    }));
    const tokens = createManagedIdentity({
      clientId: "c-1",
      endpoint: { url: `${url}/msi/token`, header: "h-1" },
      fetch,
    });
    const { value, expiresAtMs } = await tokens("https://vault.azure.net", signal());
    expect([value.reveal(), expiresAtMs]).toEqual(["t", 1_700_003_600_000]);
    const [only] = seen;
    expect(only?.headers["x-identity-header"]).toBe("h-1");
    expect(Object.fromEntries(only?.query ?? [])).toEqual({
      "api-version": "2019-08-01",
      resource: "https://vault.azure.net",
      client_id: "c-1",
    });
  });

  test("on a virtual machine asks the machine, with the header that no browser sends", async () => {
    const asked: { url: string; headers: RequestInit["headers"] }[] = [];
    const machine: typeof globalThis.fetch = async (input, init) => {
      asked.push({ url: String(input), headers: init?.headers });
      return Response.json({ access_token: "t", expires_on: 1_700_003_600 });
    };
    await createManagedIdentity({ fetch: machine })("https://eventgrid.azure.net", signal());
    expect(asked).toEqual([
      {
        url: "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Feventgrid.azure.net",
        headers: { metadata: "true" },
      },
    ]);
  });
});

describe("federated identity", () => {
  test("gives Entra another issuer's token for the exchange audience, and no secret", async () => {
    const { url, seen } = await serve(() => ({ json: { access_token: "t", expires_in: 3_600 } }));
    const audiences: string[] = [];
    const tokens = createFederatedIdentity({
      tenantId: "tenant-1",
      clientId: "client-1",
      authority: url,
      clock: createClock(),
      fetch,
      assertion: async (audience) => {
        audiences.push(audience);
        return new Secret("their-token");
      },
    });
    const { expiresAtMs } = await tokens("https://containerregistry.azure.net", signal());
    expect(expiresAtMs).toBe(1_700_003_600_000);
    expect(audiences).toEqual(["api://AzureADTokenExchange"]);
    expect(seen[0]?.path).toBe("/tenant-1/oauth2/v2.0/token");
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "client-1",
      scope: "https://containerregistry.azure.net/.default",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "their-token",
    });
  });
});

test("Azure's clients get tokens for the resource of their scope", async () => {
  const { tokens, asked } = createTokens();
  const credential = toTokenCredential(tokens);
  expect(await credential.getToken("https://storage.azure.com/.default")).toMatchObject({
    token: "entra-token",
  });
  await credential.getToken(["https://vault.azure.net/.default"]);
  expect(asked).toEqual(["https://storage.azure.com", "https://vault.azure.net"]);
});
