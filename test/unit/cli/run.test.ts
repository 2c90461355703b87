import { describe, expect, test } from "vitest";
import { CliError, usageError } from "../../../shared/cli/cli-error.ts";
import { globalOptions, type Register } from "../../../shared/cli/io.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { runSluice } from "../../support/cli.ts";

const failing =
  (error: unknown): Register =>
  (program) => {
    program.command("fail").action(() => Promise.reject(error));
  };

const echo: Register = (program, io) => {
  program
    .command("echo")
    .argument("<text>")
    .option("--code <code>")
    .action((text, { code }, command) => {
      io.stdout.write(`${text} ${JSON.stringify(globalOptions(command))}\n`);
      if (code === "1") io.exitWith(1);
    });
};

const group: Register = (program) => {
  program
    .command("group")
    .command("sub")
    .argument("<text>")
    .action(() => undefined);
};

const run = (argv: readonly string[], ...commands: readonly Register[]) =>
  runSluice(argv, { commands: [echo, ...commands] });

describe("global options", () => {
  test.each([
    [["echo", "a"], { json: false, config: "sluice.yaml" }],
    [["echo", "a", "--json"], { json: true, config: "sluice.yaml" }],
    [["--json", "echo", "a"], { json: true, config: "sluice.yaml" }],
    [["echo", "--config", "other.yaml", "a"], { json: false, config: "other.yaml" }],
    [["--no-color", "echo", "a"], { json: false, config: "sluice.yaml" }],
  ])("%j", async (argv, options) => {
    expect(await run(argv)).toEqual({ code: 0, stdout: `a ${JSON.stringify(options)}\n`, stderr: "" });
  });
});

describe("exit codes", () => {
  test.each([
    ["a command that says no", ["echo", "a", "--code", "1"], 1],
    ["nothing to do", [], 0],
    ["--help", ["--help"], 0],
    ["help of a command", ["help", "echo"], 0],
    ["--version", ["--version"], 0],
    ["an unknown command", ["ecco"], 2],
    ["an unknown option", ["echo", "a", "--loud"], 2],
    ["a missing argument", ["echo"], 2],
    ["too many arguments", ["echo", "a", "b"], 2],
    ["help of an unknown command", ["help", "nothing"], 0],
  ])("%s", async (_, argv, code) => {
    expect((await run(argv)).code).toBe(code);
  });
});

describe("errors", () => {
  test.each([
    [usageError("write it otherwise"), "USAGE", "write it otherwise"],
    [new CliError("no such tag", { code: "TAG_ABSENT" }), "TAG_ABSENT", "no such tag"],
    [
      new PipelineError("ghcr.io is out of reach", { code: "REGISTRY_UNAVAILABLE" }),
      "REGISTRY_UNAVAILABLE",
      "ghcr.io is out of reach",
    ],
    [
      new TypeError("x is not a function\n    at somewhere"),
      "INTERNAL",
      "unexpected error, please report it: TypeError: x is not a function",
    ],
    ["text", "INTERNAL", "unexpected error, please report it: text"],
    [
      new DOMException("late", "TimeoutError"),
      "TIMEOUT",
      "no answer in time; try again, or allow more with --timeout",
    ],
    [new DOMException("stopped", "AbortError"), "STOPPED", "stopped"],
  ])("%s is one line, or JSON, and exit code 2", async (error, code, message) => {
    const command = failing(error);
    expect(await run(["fail"], command)).toEqual({ code: 2, stdout: "", stderr: `sluice: ${message}\n` });
    const json = await run(["fail", "--json"], command);
    expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({
      code: 2,
      stdout: { error: { code, message } },
      stderr: "",
    });
  });

  test("every problem of a configuration has its own line", async () => {
    const error = new PipelineError("sluice.yaml:1: a\nsluice.yaml:2: b", { code: "CONFIG_INVALID" });
    expect((await run(["fail"], failing(error))).stderr).toBe(
      "sluice: sluice.yaml:1: a\nsluice: sluice.yaml:2: b\n",
    );
  });

  test("text from outside cannot steer the terminal", async () => {
    const error = new CliError("tag \u001b[32mverified\u001b[0m\r\u202e", { code: "X" });
    expect((await run(["fail"], failing(error))).stderr).toBe(
      "sluice: tag \\u{1b}[32mverified\\u{1b}[0m\\u{d}\\u{202e}\n",
    );
  });

  test.each([
    [["ecco"], /^sluice: unknown command 'ecco' \(Did you mean echo\?\); see `sluice --help`\n$/],
    [
      ["echo", "a", "--jsn"],
      /^sluice: unknown option '--jsn' \(Did you mean --json\?\); see `sluice echo --help`\n$/,
    ],
    [["--config", "echo", "ecco"], /; see `sluice --help`\n$/],
    [["group", "sub", "--loud"], /^sluice: unknown option '--loud'; see `sluice group sub --help`\n$/],
    [["group", "--no-color", "sub"], /^sluice: missing .*; see `sluice group sub --help`\n$/],
    [["group", "sbu"], /^sluice: unknown command 'sbu' .*; see `sluice group --help`\n$/],
    [["echo"], /^sluice: missing required argument 'text'; see `sluice echo --help`\n$/],
  ])("%j is told what to look at", async (argv, line) => {
    expect((await run(argv, group)).stderr).toMatch(line);
  });

  test("usage errors are JSON too when asked for", async () => {
    const { code, stdout } = await run(["echo", "--json"]);
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, "USAGE"]);
  });
});

describe("help", () => {
  test("documents the exit codes and ends in examples", async () => {
    const { stdout } = await run(["--help"]);
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n\nExamples:\n {2}sluice /);
    expect(stdout).not.toContain("\u001b");
  });

  test("has colours only when they are wanted", async () => {
    const { stdout } = await runSluice(["--help"], { commands: [echo], color: true });
    expect(stdout).toContain("\u001b[1mUsage:");
  });

  test("of a command names the global options", async () => {
    expect((await run(["echo", "--help"])).stdout).toMatch(/Global Options:[\s\S]*--json/);
  });
});

test("the version is the package's", async () => {
  expect((await run(["--version"])).stdout).toBe("1.2.3\n");
});
