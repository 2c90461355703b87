import { describe, expect, test } from "vitest";
import { withPlaces } from "../../../functions/wiring/placed-secrets.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { SecretRef } from "../../../shared/ports.ts";

const TEXT = `mode: observe
clusters:
  - name: prod
    manifests: {folder: ./m}
    receiver:
      baseUrl: https://flux.example.com
      token: {file: ./token}
sources:
  - type: ghcr
    secrets:
      - env: OLD
      - env: SET
      - env: TWICE
  - type: quay
    secrets: [{env: TWICE}]
registries:
  ghcr.io:
    credentials: {username: bot, password: {env: GHCR_TOKEN}}
`;

const config = parseConfig(TEXT, { file: "my.yaml", baseFolder: "/etc/sluice" });
const { secrets } = withPlaces({ secrets: createNodeSecrets({ SET: "s3cret", OLD: "" }) }, config);

describe("a secret that is missing says where it is named, and how to mend it", () => {
  const variable = (name: string) => `environment variable ${name} is not set; set it where sluice runs`;
  test.each<[SecretRef, string]>([
    [
      { env: "OLD" },
      "my.yaml:11: sources[0].secrets[0]: environment variable OLD is empty; set it where sluice runs",
    ],
    [{ env: "TWICE" }, `my.yaml:13: sources[0].secrets[2]: ${variable("TWICE")}`],
    [
      { env: "GHCR_TOKEN" },
      `my.yaml:18: registries["ghcr.io"].credentials.password: ${variable("GHCR_TOKEN")}`,
    ],
    [{ env: "ELSEWHERE" }, variable("ELSEWHERE")],
    [
      { file: "/etc/sluice/token" },
      "my.yaml:7: clusters[0].receiver.token: secret file /etc/sluice/token cannot be read (ENOENT); check its path and permissions",
    ],
  ])("%j", async (ref, message) => {
    await expect(secrets.read(ref)).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE", message });
  });

  test("and one that is there is read", async () => {
    expect((await secrets.read({ env: "SET" })).reveal()).toBe("s3cret");
  });
});
