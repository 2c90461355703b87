import { afterEach, describe, expect, test } from "vitest";
import { createKeyVaultSecrets } from "../../../../shared/adapters/azure/key-vault-secrets.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import { closeServers } from "../http-server.ts";
import { createTokens, serve, signal } from "./services.ts";

afterEach(closeServers);

const setUp = async () => {
  const { url, seen } = await serve(() => ({ json: { value: "s3cret", id: "…" } }));
  const { tokens, asked } = createTokens();
  // The vault's name is part of its address; only who is called is local.
  const local: typeof globalThis.fetch = (input, init) =>
    fetch(String(input).replace("https://acme.vault.azure.net", url), init);
  const secrets = createKeyVaultSecrets({ url: "https://acme.vault.azure.net", tokens, fetch: local });
  return { secrets, seen, asked };
};

describe("Key Vault", () => {
  test("reads the newest version of a secret with an Entra token", async () => {
    const { secrets, seen, asked } = await setUp();
    expect(await secrets("flux-token", signal())).toBeInstanceOf(Secret);
    expect(asked).toEqual(["https://vault.azure.net"]);
    expect([seen[0]?.path, seen[0]?.query.get("api-version")]).toEqual(["/secrets/flux-token", "7.4"]);
    expect(seen[0]?.headers.authorization).toBe("Bearer entra-token");
  });

  test.each(["../keys/k", "a/b", "a?x=1", "", "a".repeat(128)])(
    "%j is no name of a secret and is not asked for",
    async (name) => {
      const { secrets, seen } = await setUp();
      expect(await secrets(name, signal())).toMatchObject({ refused: expect.stringContaining("a name in") });
      expect(seen).toEqual([]);
    },
  );
});
