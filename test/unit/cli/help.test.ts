import { Command } from "commander";
import { describe, expect, test } from "vitest";
import type { CommandIo } from "../../../shared/cli/io.ts";
import { runSluice } from "../../support/cli.ts";
import { COMMANDS } from "../../support/commands.ts";

/** The words that lead to every command, groups and the program itself included. */
const pathsOf = (command: Command, path: readonly string[] = []): readonly (readonly string[])[] => [
  path,
  ...command.commands.flatMap((sub) => pathsOf(sub, [...path, sub.name()])),
];

const program = new Command();
for (const register of COMMANDS) register(program, {} as CommandIo);
const PATHS = pathsOf(program).map((path) => [["sluice", ...path].join(" "), path] as const);

const widest = (text: string): number =>
  text.split("\n").reduce((width, line) => Math.max(width, [...line].length), 0);

const help = async (path: readonly string[], columns?: number): Promise<string> =>
  (
    await runSluice([...path, "--help"], {
      commands: COMMANDS,
      ...(columns === undefined ? {} : { columns }),
    })
  ).stdout;

describe.each(PATHS)("help of %s", (_name, path) => {
  test("is no wider than 80 columns where no terminal says more", async () => {
    expect(widest(await help(path))).toBeLessThanOrEqual(80);
  });

  test("takes a wide terminal's room, and not all of it", async () => {
    const wide = await help(path, 300);
    expect(wide.split("\n").length).toBeLessThanOrEqual((await help(path)).split("\n").length);
    expect(widest(wide)).toBeLessThanOrEqual(110);
  });
});

test("help wraps to a narrow terminal", async () => {
  const description = (await help(["verify"], 60)).split("Arguments:")[0] ?? "";
  expect(widest(description)).toBeLessThanOrEqual(60);
});

test("every command is walked", () => {
  expect(PATHS.length).toBeGreaterThan(20);
});
