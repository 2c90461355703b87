import { spawn } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { readScriptArguments } from "../../infra/script-arguments.ts";
import { PeerUnavailable } from "./install/command.ts";
import { installPeers } from "./install/install.ts";
import { isolatingPrefix } from "./namespace.ts";
import { peers } from "./peers.ts";
import type { Peer } from "./recipe.ts";
import { readReports } from "./results.ts";

const root = join(import.meta.dirname, "../..");
const KILL_AFTER_MS = 15_000;

const USAGE = `npm run test:interop                 against the core peers, which are installed where they are missing
npm run test:interop -- --full       with the slow peers and tests
npm run test:interop -- aws story    only the files with one of these in their path

  --install      installs the peers and stops
  --report FILE  where the machine-readable results go
  --uncounted    leaves the closing count to the caller, who adds up several runs
`;

const { values: options, positionals: filters } = readScriptArguments(USAGE, {
  full: { type: "boolean", default: false },
  install: { type: "boolean", default: false },
  uncounted: { type: "boolean", default: false },
  report: { type: "string", default: join(root, "test-results/interop.json") },
});
const reportFile = resolve(options.report);
const seenFile = join(dirname(reportFile), "interop-seen.ndjson");

const print = (line: string): void => console.log(line);

const printCount = (passed: number, failed: number): void => {
  if (!options.uncounted) print(`${passed} passed, ${failed} failed`);
};

const isWanted = (peer: Peer): boolean => options.full || peer.neededBy === "core";

/**
 * Vitest and all that it starts share one process group, so that ending the group leaves nothing behind; if this
 * process is killed outright, the kernel ends Vitest, and with it what it started.
 */
const runVitest = (prefix: readonly string[], scratch: string): Promise<number> => {
  const args = [
    "--pdeathsig",
    "KILL",
    ...prefix,
    process.execPath,
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config=test/interop/vitest.config.ts",
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
    ...filters,
  ];
  const env = {
    ...process.env,
    SLUICE_INTEROP_SET: options.full ? "full" : "core",
    SLUICE_INTEROP_SEEN: seenFile,
    TMPDIR: scratch,
  };
  const child = spawn("setpriv", args, {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const endGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone, which is what was asked for.
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      print(`interop: ${signal}, ending everything`);
      endGroup("SIGTERM");
      setTimeout(() => endGroup("SIGKILL"), KILL_AFTER_MS).unref();
    });
  }
  return new Promise((done) => {
    child.on("error", (error) => {
      print(`cannot run the suite: ${error.message}`);
      done(1);
    });
    child.on("exit", (code) => {
      endGroup("SIGKILL");
      done(code ?? 1);
    });
  });
};

const leftOut = (skipped: readonly string[]): readonly string[] => {
  const fullFiles = options.full ? [] : globSync("test/interop/**/*.full.interop.test.ts", { cwd: root });
  return [...fullFiles.map((file) => `${file} (only with --full)`), ...skipped];
};

const main = async (): Promise<number> => {
  const wanted = peers.filter(isWanted);
  try {
    await installPeers(wanted, print);
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error;
    print(`interop cannot run: ${error.message}`);
    printCount(0, 1);
    return 1;
  }
  if (options.install) return 0;
  const prefix = isolatingPrefix();
  if (prefix === undefined) {
    print(
      "no private network namespace here (needs root or user namespaces): what needs one is skipped by name",
    );
  }
  mkdirSync(dirname(reportFile), { recursive: true });
  for (const file of [reportFile, seenFile]) rmSync(file, { force: true });
  // Worlds remove their own folders; this one also goes when a world was killed before it could.
  const scratch = mkdtempSync(join(tmpdir(), "sluice-interop-"));
  const code = await runVitest(prefix ?? [], scratch);
  if (process.env.SLUICE_INTEROP_KEEP === undefined) rmSync(scratch, { recursive: true, force: true });
  else print(`kept: ${scratch}`);
  const { passed, failed, skipped } = readReports([reportFile]);
  for (const name of leftOut(skipped)) print(`left out: ${name}`);
  printCount(passed, failed);
  return code === 0 && failed === 0 && passed > 0 ? 0 : 1;
};

process.exitCode = await main();
