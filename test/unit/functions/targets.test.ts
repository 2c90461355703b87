import { describe, expect, test } from "vitest";
import { createTargets } from "../../../functions/wiring/receivers/targets.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { receiverOf } from "../pipeline/harness.ts";

const targetFor = (receiver: Record<string, unknown>, type: string) => {
  const settings = {
    mode: "enforce",
    clusters: [
      {
        name: "c",
        manifests: { folder: "x" },
        receiver: { baseUrl: "https://flux.example.com", ...receiver },
      },
    ],
  };
  const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: "/" });
  const targetOf = createTargets(config, createNodeSecrets({ TOKEN: "t0ken" }));
  return targetOf({ ...receiverOf("c/apps/sluice"), type });
};

describe("a generic-oidc Receiver", () => {
  test.each([
    [{ audience: "flux-c" }, "flux-c"],
    [{ audience: "flux-c", audiences: { "apps/sluice": "flux-own" } }, "flux-own"],
    [{ audience: "flux-c", audiences: { "apps/other": "flux-other" } }, "flux-c"],
  ])("with %j gets a token for %s", async (receiver, audience) => {
    expect(await targetFor(receiver, "generic-oidc")).toMatchObject({
      authentication: { kind: "generic-oidc", audience },
    });
  });

  // A manifest alone must not make us show a token for the audience that every notification-controller takes.
  test.each([{ token: { env: "TOKEN" } }, { audiences: { "apps/other": "flux-other" } }])(
    "with %j gets none",
    async (receiver) => {
      await expect(targetFor(receiver, "generic-oidc")).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: "receiver c/apps/sluice: no audience; set clusters[c].receiver.audience in sluice.yaml",
      });
    },
  );
});

test("a Receiver with a token is never shown an identity", async () => {
  expect(await targetFor({ token: { env: "TOKEN" }, audience: "flux-c" }, "generic-hmac")).toMatchObject({
    authentication: { kind: "generic-hmac", algorithm: "sha256" },
  });
});
