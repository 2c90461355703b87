import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createCompileCommand } from "../../../shared/cli/commands/compile.ts";
import { createDecisionsCommand } from "../../../shared/cli/commands/decisions.ts";
import { createDeliveriesCommand } from "../../../shared/cli/commands/deliveries.ts";
import { createExplainCommand } from "../../../shared/cli/commands/explain.ts";
import { createInitCommand } from "../../../shared/cli/commands/init.ts";
import { createLintCommand } from "../../../shared/cli/commands/lint.ts";
import { createNotifyCommand } from "../../../shared/cli/commands/notify.ts";
import { registerParse } from "../../../shared/cli/commands/parse.ts";
import { createPlanCommand } from "../../../shared/cli/commands/plan.ts";
import { createReceiversCommand } from "../../../shared/cli/commands/receivers.ts";
import { createRollbackCommand } from "../../../shared/cli/commands/rollback.ts";
import { registerSelect } from "../../../shared/cli/commands/select.ts";
import { createServeCommand } from "../../../shared/cli/commands/serve.ts";
import { registerSources } from "../../../shared/cli/commands/sources.ts";
import { createVerifyCommand } from "../../../shared/cli/commands/verify.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { runSluice } from "../../support/cli.ts";
import { GUIDE, guideBlocks, ROOT, readPage } from "./pages.ts";
import { toCommands } from "./words.ts";

const README = readPage("README.md");

/** Everything outside the command line is out of reach: what is wrong with the words shows before that. */
const outOfReach = async (): Promise<never> => {
  throw new PipelineError("out of reach", { code: "REGISTRY_UNAVAILABLE" });
};
const policy = {
  loadPolicy: outOfReach,
  loadManifests: outOfReach,
  writeFile: outOfReach,
  openRegistry: () => {
    throw new Error("not asked");
  },
};
const COMMANDS = [
  createServeCommand(outOfReach),
  createExplainCommand(outOfReach),
  createDecisionsCommand(outOfReach),
  createDeliveriesCommand(outOfReach),
  createRollbackCommand(outOfReach),
  createVerifyCommand({
    openRegistry: outOfReach,
    readFile: async () => new Uint8Array(),
    createVerifier: () => ({ verify: outOfReach }),
  }),
  createInitCommand(policy),
  createPlanCommand(policy),
  createLintCommand(policy),
  createCompileCommand(policy),
  createReceiversCommand(outOfReach),
  createNotifyCommand({ readSecret: outOfReach, post: outOfReach, sleep: outOfReach }),
  registerParse,
  registerSources,
  registerSelect,
];

const isSluice = ([first, second]: readonly string[]): boolean => first === "npx" && second === "sluice";

const inBlocks = guideBlocks()
  .filter(({ language }) => language === "sh")
  .flatMap(({ text }) => toCommands(text));
const inText = [
  ...GUIDE.map(readPage)
    .join("\n")
    .matchAll(/`(npx sluice [^`]+)`/g),
].flatMap(([, text]) => toCommands(text ?? ""));
const written = [...inBlocks, ...inText].filter(isSluice).map((words) => words.slice(2));

describe("commands in the guide", () => {
  test("are found", () => {
    expect(written.length).toBeGreaterThan(15);
  });

  test.each(written.map((words) => [words.join(" "), words] as const))("sluice %s", async (_text, words) => {
    const { stdout } = await runSluice([...words, "--json"], { commands: COMMANDS });
    expect(stdout).not.toContain('"USAGE"');
  });

  test("and a misspelt one would be noticed", async () => {
    for (const words of [
      ["serv"],
      ["plan", "--off-line"],
      ["explain"],
      ["decisions", "list", "--outcome", "x"],
    ]) {
      const { stdout } = await runSluice([...words, "--json"], { commands: COMMANDS });
      expect(stdout).toContain('"USAGE"');
    }
  });

  test("name every command that there is", async () => {
    const bin = join(ROOT, "shared/cli/bin.js");
    const { stdout } = await promisify(execFile)(process.execPath, [bin, "--help"], { encoding: "utf8" });
    const listed = stdout.slice(stdout.indexOf("Commands:"), stdout.indexOf("Exit codes:"));
    const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? "");
    const inTable = [...README.matchAll(/^\| `([a-z]+)` \| .* \| .*(?:npx sluice|see below)/gm)];
    expect(inTable.map(([, name]) => name)).toEqual(names.filter((name) => name !== "help"));
  });
});
