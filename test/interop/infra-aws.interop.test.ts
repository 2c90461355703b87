import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { packageAws, TEMPLATE_PATH } from "../support/aws-template.ts";
import { peerPython } from "./install/cache.ts";
import { runToEnd } from "./world/command.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 300_000;
/** The package has no module to run. */
const CFN_LINT = "import sys; from cfnlint.runner import main; sys.exit(main())";

beforeAll(async () => {
  await packageAws();
}, TIMEOUT_MS);

/** By Python: scripts of a virtual environment name the folder that it was made in. */
const lint = (args: readonly string[]) =>
  runToEnd(peerPython("infra-linters"), args, { cwd: ROOT, timeoutMs: TIMEOUT_MS });

test(
  "cfn-lint has nothing to say about the compiled template",
  async () => {
    const { code, output } = await lint([
      "-c",
      CFN_LINT,
      "--config-file",
      "infra/aws/cfnlint.yml",
      TEMPLATE_PATH,
    ]);
    expect(output.trim()).toBe("");
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "checkov passes the compiled template, with the exceptions that infra/aws/checkov.yml gives reasons for",
  async () => {
    const config = ["--config-file", "infra/aws/checkov.yml", "--skip-download", "--output", "json"];
    const { code, stdout } = await lint(["-m", "checkov.main", ...config, "--file", TEMPLATE_PATH]);
    const { summary } = JSON.parse(stdout) as { readonly summary: Record<string, number> };
    expect(summary).toMatchObject({ failed: 0, parsing_errors: 0 });
    expect(summary.passed).toBeGreaterThan(50);
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);
