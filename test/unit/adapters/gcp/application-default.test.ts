import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApplicationDefaultToken } from "../../../../shared/adapters/gcp/application-default.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import { PipelineError } from "../../../../shared/errors.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sluice-adc-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const open = (env: Readonly<Record<string, string>>) =>
  createApplicationDefaultToken({
    fetch: () => Promise.reject(new Error("nobody is asked")),
    nowMs: () => 0,
    env: { CLOUDSDK_CONFIG: home, ...env },
    home,
    otherwise: async () => {
      throw new PipelineError("metadata server: cannot be reached", { code: "SECRET_UNAVAILABLE" });
    },
  });
const signal = (): AbortSignal => AbortSignal.timeout(5_000);

test("who has no login anywhere is told how to get one", async () => {
  await expect(open({})(signal())).rejects.toMatchObject({
    code: "SECRET_UNAVAILABLE",
    message: expect.stringMatching(
      /^Google credentials: no login at .*application_default_credentials\.json; metadata server: cannot be reached; log in by `gcloud auth application-default login`/,
    ),
  });
});

test("a key file is refused", async () => {
  const file = join(home, "key.json");
  writeFileSync(file, JSON.stringify({ type: "service_account", private_key: "k3y" }));
  const asked = open({ GOOGLE_APPLICATION_CREDENTIALS: file })(signal());
  await expect(asked).rejects.toThrow(/holds a login of type service_account/);
  await expect(asked).rejects.not.toThrow(/k3y/);
});

test("a token of the environment is taken as it is", async () => {
  const token = await open({ GOOGLE_OAUTH_ACCESS_TOKEN: "t" })(signal());
  expect(token).toEqual(new Secret("t"));
  expect(token.reveal()).toBe("t");
});
