import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import { guideBlocks } from "./pages.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;
const REFERENCE = `ghcr.io/acme/shop:1.4.2@sha256:${"5".repeat(64)}`;

const [block] = guideBlocks().filter(({ note }) => note === "workflow step");
const [step] = parse(block?.text ?? "") as readonly { run: string; env: Record<string, string> }[];

let folder = "";
let runtime: LocalRuntime;
let log: { event: string; reason?: unknown; artifact?: unknown; tag?: unknown }[] = [];

beforeEach(async () => {
  log = [];
  folder = await mkdtemp(join(tmpdir(), "sluice-step-"));
  await mkdir(join(folder, "manifests"));
  const config = parseConfig(
    JSON.stringify({
      mode: "observe",
      listen: { port: 0 },
      state: { path: "./sluice.db" },
      clusters: [{ name: "c", manifests: { folder: "./manifests" } }],
      sources: [{ type: "sluice", secrets: [{ env: "SECRET" }] }],
    }),
    { file: "sluice.yaml", baseFolder: folder },
  );
  runtime = await startLocalRuntime(config, {
    env: { SECRET: "s3cret" },
    log: (event, fields) => log.push({ event, ...fields }),
  });
});
afterEach(async () => {
  await runtime.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As a workflow's runner does it. */
const runStep = (secret: string, address = runtime.address) =>
  run("bash", ["-e", "-c", step?.run ?? ""], {
    env: {
      PATH: process.env.PATH,
      GITHUB_RUN_ID: "7",
      GITHUB_RUN_ATTEMPT: "1",
      REFERENCE,
      SLUICE_SECRET: secret,
      SLUICE_URL: `${address}/events/sluice`,
    },
  });

const intake = () => log.filter(({ event }) => event.startsWith("intake-") || event === "push-unmatched");

test("the workflow step of the guide is taken", { timeout: TIMEOUT_MS }, async () => {
  expect(Object.keys(step?.env ?? {})).toEqual(["SLUICE_URL", "SLUICE_SECRET", "REFERENCE"]);
  await runStep("s3cret");
  expect(intake()).toMatchObject([
    { event: "intake-accepted", artifact: 1 },
    { event: "push-unmatched", tag: "1.4.2" },
  ]);
});

test("with another secret it fails at once and says why", { timeout: TIMEOUT_MS }, async () => {
  await expect(runStep("other")).rejects.toMatchObject({
    code: 22,
    stdout: expect.stringContaining("signature-wrong"),
  });
  expect(intake()).toMatchObject([{ event: "intake-refused", reason: "signature-wrong" }]);
});

test.each([
  [[503, 202], 0],
  [[429, 500, 202], 0],
  [[403], 22],
  [[413], 22],
  [[503, 401], 22],
])("answers of %j end with exit code %d", { timeout: TIMEOUT_MS }, async (statuses, code) => {
  let requests = 0;
  const server = createServer((message, response) => {
    message.resume();
    response.writeHead(statuses[requests++] ?? 418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ended = await runStep("s3cret", `http://127.0.0.1:${port}`).catch((error: { code: number }) => error);
  await new Promise((resolve) => server.close(resolve));
  expect(["code" in ended ? ended.code : 0, requests]).toEqual([code, statuses.length]);
});
