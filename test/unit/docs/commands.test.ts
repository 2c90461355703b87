import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import type { CommandIo } from "../../../shared/cli/io.ts";
import { runSluice } from "../../support/cli.ts";
import { COMMANDS } from "../../support/commands.ts";
import { GUIDE, guideBlocks, ROOT, readPage } from "./pages.ts";
import { toCommands } from "./words.ts";

const README = readPage("README.md");

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

  test("name every subcommand of a group", () => {
    const program = new Command();
    for (const register of COMMANDS) register(program, {} as CommandIo);
    const groups = ["decisions", "deliveries"].map((name) => {
      const [, text = ""] = new RegExp(`^\\| \`${name}\` \\| [^|]*: ([^|:]*) \\|`, "m").exec(README) ?? [];
      return { name, written: [...text.matchAll(/`([a-z]+)`/g)].map(([, word]) => word) };
    });
    for (const { name, written: words } of groups) {
      const group = program.commands.find((command) => command.name() === name);
      expect(words, name).toEqual(group?.commands.map((command) => command.name()));
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
