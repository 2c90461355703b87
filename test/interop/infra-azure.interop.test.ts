import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peerPython } from "./install/cache.ts";
import { runToEnd } from "./world/command.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 300_000;

test(
  "checkov passes the Bicep files, with the exceptions that infra/azure/checkov.yml gives reasons for",
  async () => {
    const args = ["-m", "checkov.main", "--config-file", "infra/azure/checkov.yml", "--skip-download"];
    const { code, stdout } = await runToEnd(
      peerPython("infra-linters"),
      [...args, "--directory", "infra/azure", "--output", "json"],
      { cwd: ROOT, timeoutMs: TIMEOUT_MS },
    );
    const { summary } = JSON.parse(stdout) as { readonly summary: Readonly<Record<string, number>> };
    expect(summary).toMatchObject({ failed: 0, parsing_errors: 0 });
    expect(summary.passed).toBeGreaterThanOrEqual(20);
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "every Bicep file is read by checkov's parser, the one that there is without a connection",
  async () => {
    const script = [
      "import sys, pycep",
      "for path in sys.argv[1:]: pycep.BicepParser().parse(text=open(path).read())",
    ].join("\n");
    const files = globSync("infra/azure/**/*.bicep", { cwd: ROOT });
    const { code, output } = await runToEnd(peerPython("infra-linters"), ["-c", script, ...files], {
      cwd: ROOT,
      timeoutMs: TIMEOUT_MS,
    });
    expect(output.trim()).toBe("");
    expect(code).toBe(0);
    expect(files.length).toBeGreaterThanOrEqual(9);
  },
  TIMEOUT_MS,
);
