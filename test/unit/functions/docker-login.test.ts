import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDockerLogin } from "../../../functions/wiring/registry/docker-login.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "docker-login-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const auth = Buffer.from("bot:s3cret").toString("base64");

const readFrom = async (config: unknown) => {
  const path = join(folder, "config.json");
  await writeFile(path, typeof config === "string" ? config : JSON.stringify(config));
  return readDockerLogin(path, "ghcr.io", "acme/app");
};

test("a login under auths counts, whatever helper stands beside it", async () => {
  const config = { auths: { "ghcr.io": { auth } }, credsStore: "desktop" };
  expect(await readFrom(config)).toEqual({ username: "bot", password: "s3cret" });
});

test("a host that the file says nothing of is read without a login", async () => {
  const config = { auths: { "quay.io": { auth } }, credHelpers: { "quay.io": "secretservice" } };
  expect(await readFrom(config)).toBeUndefined();
});

test.each([
  { auths: { "ghcr.io": {} }, credsStore: "desktop" },
  { credHelpers: { "https://ghcr.io": "desktop" } },
])("a login that is left to a helper program is refused by name: %j", async (config) => {
  await expect(readFrom(config)).rejects.toMatchObject({
    code: "REGISTRY_DENIED",
    message: expect.stringMatching(/config\.json: ghcr\.io's login is left to the helper program "desktop"/),
  });
});

test("an unreadable file is named, and asked for again later", async () => {
  const code = "REGISTRY_UNAVAILABLE";
  await expect(readFrom("[]")).rejects.toMatchObject({
    code,
    message: expect.stringContaining("config.json: docker config: not a JSON object"),
  });
  const absent = join(folder, "absent.json");
  await expect(readDockerLogin(absent, "ghcr.io", "acme/app")).rejects.toMatchObject({
    code,
    message: `${absent}: no such file`,
  });
});
