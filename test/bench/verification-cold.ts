import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { NOW_MS, sigstore } from "../unit/signature/support.ts";
import type { OnceInput } from "./child/verify-once.ts";
import { median } from "./row.ts";
import { createSample, toRule } from "./verification-evidence.ts";

const ENTRY = fileURLToPath(new URL("./child/verify-once.ts", import.meta.url));

export interface ColdTimes {
  /** First verification in a new process, start and end included. */
  readonly verifyMs: number;
  /** A process that does nothing. */
  readonly emptyMs: number;
}

const runNode = (args: readonly string[]): number => {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`node ${args[0]}: ${stderr}`);
  return performance.now() - start;
};

const writeInput = (path: string): void => {
  const { evidence, subject } = createSample("bundle-rekor1");
  const input: OnceInput = {
    trustedRoot: sigstore.trustedRootJson,
    rule: toRule("bundle-rekor1"),
    subject,
    bundle: Buffer.from(evidence.bundle?.bytes ?? []).toString("base64"),
    nowMs: NOW_MS,
  };
  writeFileSync(path, JSON.stringify(input));
};

/** Bundles the core, lets one run fill the compile cache, then starts both processes in turn. */
export const measureCold = async (rounds: number): Promise<ColdTimes> => {
  const folder = mkdtempSync(join(tmpdir(), "cold-"));
  try {
    const build = await rolldown({ input: ENTRY, platform: "node" });
    await build.write({ dir: folder, format: "esm", entryFileNames: "verify-once.js" });
    const input = join(folder, "input.json");
    const empty = join(folder, "empty.js");
    writeInput(input);
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(empty, "");
    const args = [join(folder, "verify-once.js"), input, join(folder, "cache")];
    runNode(args);
    runNode([empty]);
    const times = Array.from({ length: rounds }, () => ({ verify: runNode(args), empty: runNode([empty]) }));
    return {
      verifyMs: median(times.map(({ verify }) => verify)),
      emptyMs: median(times.map(({ empty: nothing }) => nothing)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
