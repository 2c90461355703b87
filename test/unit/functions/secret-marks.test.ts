import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createDeliverySender } from "../../../functions/wiring/receivers/sender.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { FluxReceiver } from "../../../shared/receiver.ts";

const NOW_S = 1_800_000_000;
const folder = mkdtempSync(join(tmpdir(), "marks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(fileOf(name), text);

const config = parseConfig(
  JSON.stringify({
    mode: "enforce",
    clusters: [
      {
        name: "c",
        manifests: { folder },
        receiver: {
          baseUrl: "https://flux.example.com",
          token: { file: fileOf("token") },
          previousToken: { file: fileOf("previous") },
          signingKey: { file: fileOf("signing") },
          audience: "sluice-c",
          ca: fileOf("ca"),
        },
      },
    ],
    sources: [{ type: "distribution", secrets: [{ env: "UNUSED" }] }],
    identity: { tokens: { "sluice-c": { file: fileOf("identity") } } },
  }),
  { file: "sluice.yaml", baseFolder: folder },
);

const toJwt = (claims: Readonly<Record<string, unknown>>): string =>
  ["{}", JSON.stringify(claims), ""].map((part) => Buffer.from(part).toString("base64url")).join(".");
const CLAIMS = { iss: "https://issuer.example", sub: "sluice", aud: "sluice-c", exp: NOW_S + 600 };

const receiverOf = (type: FluxReceiver["type"]): FluxReceiver => ({
  id: "c/apps/sluice",
  cluster: "c",
  namespace: "apps",
  name: "sluice",
  type,
});

const markOf = (type: FluxReceiver["type"]) =>
  createDeliverySender(config, createNodeSecrets({}), { nowMs: () => NOW_S * 1000 }).secretsOf(
    receiverOf(type),
  );

const writeAll = (): void => {
  for (const name of ["token", "previous", "ca"]) write(name, name);
  write("signing", Buffer.alloc(24, 1).toString("base64"));
  write("identity", toJwt(CLAIMS));
};

test.each(["token", "previous", "signing", "ca"])(
  "another %s is another mark; the same is the same",
  async (name) => {
    writeAll();
    const before = await markOf("generic-hmac");
    expect(before).toMatch(/^[0-9a-f]{4}$/);
    expect(await markOf("generic-hmac")).toBe(before);
    write(name, Buffer.alloc(24, 2).toString("base64"));
    expect(await markOf("generic-hmac")).not.toBe(before);
  },
);

test.each([
  ["a fresh one that says the same", { exp: NOW_S + 4_000, iat: NOW_S, jti: "2" }, "the same"],
  ["for another audience", { aud: "sluice-d" }, "another"],
  ["of another issuer", { iss: "https://elsewhere.example" }, "another"],
  ["of somebody else", { sub: "somebody" }, "another"],
  ["one that has expired", { exp: NOW_S }, "none"],
])("an identity token: %s", async (_what, claims, expected) => {
  writeAll();
  const before = await markOf("generic-oidc");
  write("identity", toJwt({ ...CLAIMS, ...claims }));
  const after = await markOf("generic-oidc");
  const seen = after === undefined ? "none" : after === before ? "the same" : "another";
  expect(seen).toBe(expected);
});

test("an opaque identity token counts as a whole", async () => {
  writeAll();
  write("identity", "opaque-1");
  const before = await markOf("generic-oidc");
  write("identity", "opaque-2");
  expect(await markOf("generic-oidc")).not.toBe(before);
});

test("what cannot be read has no mark", async () => {
  writeAll();
  write("token", "");
  expect(await markOf("generic-hmac")).toBeUndefined();
});

const attempt = (type: FluxReceiver["type"], duringRead = () => {}) => {
  const secrets = createNodeSecrets({});
  const sender = createDeliverySender(
    config,
    {
      async read(ref) {
        const secret = await secrets.read(ref);
        duringRead();
        return secret;
      },
    },
    { nowMs: () => NOW_S * 1000 },
  );
  const body = { id: "dlv_1", type: "sluice.selection.changed", changes: [], bytes: new Uint8Array() };
  const delivery = { receiver: receiverOf(type), body, timeMs: 0, mayLeave: () => false };
  return sender.send(delivery, new AbortController().signal);
};

test("an attempt says what was shown, not what is there by then", async () => {
  writeAll();
  const before = await markOf("generic-hmac");
  const outcome = await attempt("generic-hmac", () => write("token", "replaced-meanwhile"));
  expect(outcome.secrets).toBe(before);
  expect(await markOf("generic-hmac")).not.toBe(before);
});

test.each([
  ["generic-hmac", () => write("token", "")],
  ["generic-oidc", () => write("identity", toJwt({ ...CLAIMS, exp: NOW_S - 1 }))],
] as const)("an attempt of %s says that its secrets could not be used", async (type, spoil) => {
  writeAll();
  spoil();
  expect((await attempt(type)).secrets).toBe("unusable");
});
