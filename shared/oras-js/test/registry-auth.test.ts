import { describe, expect, test } from "vitest";
import { createClient, sha256 } from "../index.ts";
import type { RegistryAuth } from "../registry/auth.ts";
import { toBytes } from "./support/fixtures.ts";
import { createServing, send } from "./support/serve.ts";

const serve = createServing();
const hello = toBytes("hello");
const digest = sha256(hello);
const tokenOf = async (response: Response): Promise<string> =>
  /"token":"([^"]+)"/.exec(await response.text())?.[1] ?? "";

describe("authentication", () => {
  const users = { robot: "secret" };

  test.each<[string, RegistryAuth, string]>([
    ["basic", { kind: "basic", users }, "Basic realm="],
    ["token", { kind: "token", users }, "Bearer realm="],
  ])("%s: the challenge comes before any work", async (_, auth, scheme) => {
    const { base } = await serve({ auth });
    for (const [method, path] of [
      ["GET", "/v2/"],
      ["GET", "/v2/a/tags/list"],
      ["PUT", "/v2/a/manifests/v1"],
      ["POST", "/v2/a/blobs/uploads/"],
    ] as const) {
      const response = await send(`${base}${path}`, method);
      expect([response.status, response.headers.get("www-authenticate")?.startsWith(scheme)]).toEqual([
        401,
        true,
      ]);
    }
  });

  test("a token for one repository does not open another, nor for pull a push", async () => {
    const { base } = await serve({ auth: { kind: "token", users, anonymousPull: true } });
    const token = await tokenOf(await send(`${base}/token?scope=repository:a:pull,push`, "GET"));
    const authorization = `Bearer ${token}`;
    expect((await send(`${base}/v2/a/tags/list`, "GET", undefined, { authorization })).status).toBe(404);
    expect((await send(`${base}/v2/b/tags/list`, "GET", undefined, { authorization })).status).toBe(401);
    expect((await send(`${base}/v2/a/blobs/uploads/`, "POST", undefined, { authorization })).status).toBe(
      401,
    );
  });

  test("a token that expired, or that was never issued, opens nothing", async () => {
    let now = 0;
    const { base } = await serve({
      auth: { kind: "token", users, anonymousPull: true, tokenLifeS: 1 },
      nowMs: () => now,
    });
    const token = await tokenOf(await send(`${base}/token?scope=repository:a:pull`, "GET"));
    const ask = async (sent: string): Promise<readonly unknown[]> => {
      const response = await send(`${base}/v2/a/tags/list`, "GET", undefined, {
        authorization: `Bearer ${sent}`,
      });
      return [response.status, response.headers.get("www-authenticate")?.includes("invalid_token")];
    };
    expect(await ask(token)).toEqual([404, undefined]);
    expect(await ask("x")).toEqual([401, true]);
    now = 1_000;
    expect(await ask(token)).toEqual([401, true]);
  });

  test("nobody mounts from where they may not read", async () => {
    const { base, host } = await serve({ auth: { kind: "token", users } });
    const credentials = () => ({ username: "robot", password: "secret" });
    await createClient({ credentials }).pushBlob({ registry: host, repository: "secret" }, hello);
    const basic = `Basic ${Buffer.from("robot:secret").toString("base64")}`;
    const scope = `${base}/token?scope=repository:mine:pull,push`;
    const token = await tokenOf(await send(scope, "GET", undefined, { authorization: basic }));
    const mount = await send(
      `${base}/v2/mine/blobs/uploads/?mount=${digest}&from=secret`,
      "POST",
      undefined,
      {
        authorization: `Bearer ${token}`,
      },
    );
    expect(mount.status).toBe(202);
  });

  test("names of object properties are no users", async () => {
    const { base } = await serve({ auth: { kind: "basic", users } });
    const authorization = `Basic ${Buffer.from("constructor:x").toString("base64")}`;
    expect((await send(`${base}/v2/`, "GET", undefined, { authorization })).status).toBe(401);
  });
});
