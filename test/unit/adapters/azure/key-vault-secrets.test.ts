import { afterEach, describe, expect, test } from "vitest";
import { createKeyVaultSecrets } from "../../../../shared/adapters/azure/key-vault-secrets.ts";
import { closeServers } from "../http-server.ts";
import { createClock, createTokens, serve } from "./services.ts";

afterEach(closeServers);

const setUp = async (reply: Parameters<typeof serve>[0]) => {
  const { url, seen } = await serve(reply);
  const { tokens, asked } = createTokens();
  const clock = createClock();
  // The vault's name is part of its address; only who is called is local.
  const local: typeof globalThis.fetch = (input, init) =>
    fetch(String(input).replace("https://acme.vault.azure.net", url), init);
  const secrets = createKeyVaultSecrets({ url: "https://acme.vault.azure.net", tokens, fetch: local, clock });
  return { secrets, seen, asked, clock };
};

describe("Key Vault", () => {
  test("reads the newest version of a secret with an Entra token", async () => {
    const { secrets, seen, asked } = await setUp(() => ({ json: { value: "s3cret", id: "…" } }));
    expect((await secrets("flux-token")).reveal()).toBe("s3cret");
    expect(asked).toEqual(["https://vault.azure.net"]);
    expect([seen[0]?.path, seen[0]?.query.get("api-version")]).toEqual(["/secrets/flux-token", "7.4"]);
    expect(seen[0]?.headers.authorization).toBe("Bearer entra-token");
  });

  test("reads again after a minute, so that a rotated secret counts", async () => {
    const { secrets, clock } = await setUp((_seen, count) => ({ json: { value: `v${count}` } }));
    const values: string[] = [];
    for (const waitMs of [0, 59_999, 1]) {
      clock.at += waitMs;
      values.push((await secrets("s")).reveal());
    }
    expect(values).toEqual(["v1", "v1", "v2"]);
  });

  test("an outage is bridged for a quarter of an hour, not longer", async () => {
    const { secrets, clock } = await setUp((_seen, count) =>
      count === 1 ? { json: { value: "v1" } } : { status: 503 },
    );
    await secrets("s");
    clock.at += 14 * 60_000;
    expect((await secrets("s")).reveal()).toBe("v1");
    clock.at += 2 * 60_000;
    await expect(secrets("s")).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE" });
  });

  test.each([
    ["a secret that is not there", { status: 404 }],
    ["a refusal", { status: 403 }],
    ["an empty secret", { json: { value: "" } }],
  ])("%s is SECRET_UNAVAILABLE", async (_name, reply) => {
    const { secrets } = await setUp(() => reply);
    await expect(secrets("s")).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE" });
  });

  test.each(["../keys/k", "a/b", "a?x=1", "", "a".repeat(128)])(
    "%j is no name of a secret and is not asked for",
    async (name) => {
      const { secrets, seen } = await setUp(() => ({ json: { value: "v" } }));
      await expect(secrets(name)).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE" });
      expect(seen).toEqual([]);
    },
  );
});
