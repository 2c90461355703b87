import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, type Option } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCommands } from "../../../functions/local/commands.ts";
import { openDatabase } from "../../../shared/adapters/node/sqlite/database.ts";
import type { CommandIo } from "../../../shared/cli/io.ts";
import { runSluice } from "../../support/cli.ts";

const ENV = { SLUICE_SECRET: "s3cret" };
const NOWHERE = "127.0.0.1:1/acme/app:1.0.0";

const MANIFEST = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: apps}
spec: {interval: 60m, url: "oci://127.0.0.1:1/acme/app", ref: {semver: 1.x}}
`;

/** What each command needs; the others need nothing. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  explain: [NOWHERE],
  "decisions show": ["9b1d5aa07c31"],
  "deliveries show": ["c/apps/sluice"],
  "deliveries enable": ["c/apps/sluice"],
  rollback: ["c/OCIRepository/apps/app", "--reason", "it leaks"],
  verify: [NOWHERE, "--issuer", "a", "--subject", "b"],
  init: ["--manifests", "manifests", "--force"],
  plan: ["--offline"],
  notify: [NOWHERE, "--to", "http://127.0.0.1:1/events/sluice", "--timeout", "1ms"],
  parse: ["--source", "sluice"],
  select: ["--range", "1.x"],
};

/** A value for each option that takes one. One that is new needs one here. */
const VALUES: Readonly<Record<string, string>> = {
  "--address": "https://sluice.example.com",
  "--audience": "a",
  "--by": "me",
  "--claim": "sourceRepositoryURI=^a$",
  "--cluster": "c",
  "--config": "sluice.yaml",
  "--context": "c",
  "--current": "1.0.0",
  "--dialect": "flux",
  "--digest": `sha256:${"0".repeat(64)}`,
  "--events-secret": "s",
  "--fail-on": "error",
  "--filter": "^1",
  "--flux-namespace": "flux-system",
  "--from-namespace": "ingress",
  "--gateway": "a/b",
  "--header": "a=b",
  "--host": "flux.example.com",
  "--id": "1",
  "--ingress-class": "nginx",
  "--issuer": "https://issuer.example",
  "--key": "none.pub",
  "--kubeconfig": "none",
  "--limit": "10",
  "--manifests": "manifests",
  "--media-type": "a/b",
  "--mode": "parity",
  "--name": "sluice",
  "--object": "c/OCIRepository/apps/app",
  "--outcome": "reject",
  "--output": "catalog.json",
  "--parked-since": "2h",
  "--path": "/events/x",
  "--predicate-type": "a",
  "--range": "1.x",
  "--reason": "text",
  "--receiver": "c/apps/sluice",
  "--registry": "ghcr.io",
  "--repository": "ghcr.io/acme/app",
  "--runtime": "local",
  "--secret": "s",
  "--secret-env": "SLUICE_SECRET",
  "--secret-file": "none",
  "--secret-header": "x-secret",
  "--signature-repository": "ghcr.io/acme/signatures",
  "--since": "2h",
  "--source": "sluice",
  "--stage": "prod",
  "--state": "parked",
  "--subject": "a",
  "--timeout": "1ms",
  "--tls-secret": "tls",
  "--to": "1.0.0",
  "--transparency-log": "required",
  "--trusted-root": "none.json",
  "--type": "generic-hmac",
};

interface Leaf {
  readonly name: string;
  readonly path: readonly string[];
  readonly options: readonly Option[];
}

const leavesOf = (command: Command, path: readonly string[] = []): readonly Leaf[] => {
  const below = command.commands.flatMap((sub) => leavesOf(sub, [...path, sub.name()]));
  // `receivers` does something by itself and has a command below.
  const isGroup = path.length === 0 || (below.length > 0 && command.options.length === 0);
  return isGroup ? below : [{ name: path.join(" "), path, options: command.options }, ...below];
};

const program = new Command();
for (const register of createCommands(ENV)) register(program, {} as CommandIo);
const LEAVES = leavesOf(program);

/** They end only when they are stopped. */
const ENDLESS: ReadonlySet<string> = new Set(["serve", "decisions follow"]);

const wordsOf = ({ long, required, optional }: Option): readonly string[] => {
  if (!required && !optional) return [long ?? ""];
  const value = VALUES[long ?? ""];
  if (value === undefined) throw new Error(`${long}: no value to try it with`);
  return [long ?? "", value];
};

const runs = LEAVES.flatMap(({ name, path, options }) => {
  const needs = NEEDS[name] ?? [];
  const base = [...path, ...needs];
  return [{ name, argv: base }, ...options.map((option) => ({ name, argv: [...base, ...wordsOf(option)] }))];
}).map((run) => [run.argv.join(" "), run] as const);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-every-"));
  await mkdir(join(folder, "manifests"));
  await writeFile(join(folder, "manifests/app.yaml"), MANIFEST);
  await writeFile(
    join(folder, "sluice.yaml"),
    JSON.stringify({
      mode: "observe",
      listen: { port: 0 },
      clusters: [{ name: "c", manifests: { folder: "./manifests" } }],
      registries: { "127.0.0.1:1": { plainHttp: true, allowPrivateAddresses: true } },
    }),
  );
  await openDatabase(join(folder, ".sluice/sluice.db")).close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (name: string, argv: readonly string[], color: boolean) =>
  runSluice(argv, {
    commands: createCommands(ENV),
    cwd: folder,
    env: ENV,
    color,
    stdin: '{"reference":"ghcr.io/acme/app:1.0.0"}\n',
    ...(ENDLESS.has(name) ? { signal: AbortSignal.abort() } : {}),
  });

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("every command is walked", () => {
  expect(LEAVES.length).toBeGreaterThan(20);
  expect(Object.keys(NEEDS).filter((name) => !LEAVES.some((leaf) => leaf.name === name))).toEqual([]);
});

describe("--json makes every answer and every error machine-readable", () => {
  test.each(runs)("sluice %s", async (_text, { name, argv }) => {
    const { stdout, stderr } = await run(name, [...argv, "--json"], true);
    const lines = stdout.split("\n").filter((line) => line !== "");
    expect(isJson(stdout) || lines.every(isJson), stdout).toBe(true);
    expect(lines.length > 0 || ENDLESS.has(name)).toBe(true);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain('"INTERNAL"');
    // The log of `serve`, which is JSON as well.
    expect(
      stderr.split("\n").every((line) => line === "" || (name === "serve" && isJson(line))),
      stderr,
    ).toBe(true);
  });
});

describe("without colours nothing is painted", () => {
  test.each(LEAVES.map(({ name, path }) => [name, path] as const))("sluice %s", async (name, path) => {
    for (const argv of [
      [...path, ...(NEEDS[name] ?? [])],
      [...path, "--help"],
      [...path, "--no-such-option"],
    ]) {
      const { stdout, stderr } = await run(name, argv, false);
      expect(stdout + stderr).not.toContain("\u001b");
      expect(stdout + stderr).not.toContain("please report it");
    }
  });

  test("and with them help is", async () => {
    expect((await run("plan", ["plan", "--help"], true)).stdout).toContain("\u001b[1m");
  });
});
