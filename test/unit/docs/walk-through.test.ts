import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../../../shared/adapters/node/sqlite/database.ts";
import { guideBlocks, ROOT } from "./pages.ts";

const run = promisify(execFile);

/** `npx sluice` and `npx node` as in a checkout, without npm. */
const NPX = `#!/bin/sh
program=$1
shift
[ "$program" = node ] && exec "${process.execPath}" "$@"
exec "${process.execPath}" "${join(ROOT, "shared/cli/bin.js")}" "$@"
`;

const toSteps = (text: string): readonly { command: string; output: string }[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = "", ...output] = step.split("\n");
      return { command, output: output.join("\n") };
    });

/** Each command is a process of its own, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

const blocks = guideBlocks().filter(({ note }) => /^(?:file|run)\b/.test(note));

/** The guide from top to bottom: files are written as they come, and commands print what it says. */
describe("the guide's example", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-readme-"));
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin/npx"), NPX);
    await chmod(join(folder, "bin/npx"), 0o755);
    await openDatabase(join(folder, ".sluice/sluice.db")).close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const play = async (command: string): Promise<string> => {
    const env = { PATH: `${join(folder, "bin")}:${process.env.PATH}`, NO_COLOR: "1" };
    const { stdout, stderr } = await run("sh", ["-c", command], { cwd: folder, env, encoding: "utf8" });
    return stdout + stderr;
  };

  test("has files and commands", () => {
    expect(blocks.filter(({ note }) => note.startsWith("file"))).toHaveLength(4);
    expect(blocks.flatMap(({ text }) => toSteps(text)).length).toBeGreaterThan(6);
  });

  test.each(blocks.map((block) => [block.at, block] as const))(
    "%s",
    {
      timeout: TIMEOUT_MS,
    },
    async (_at, { note, text }) => {
      const file = /^file (.+)$/.exec(note)?.[1];
      if (file !== undefined) {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        return writeFile(join(folder, file), text);
      }
      for (const { command, output } of toSteps(text)) expect(await play(command), command).toBe(output);
    },
  );
});
