import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const BIN = fileURLToPath(new URL("../../../shared/cli/bin.js", import.meta.url));
const run = promisify(execFile);

const pretend = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;

const start = (nodeOptions: readonly string[], argv: readonly string[]) =>
  run(process.execPath, [...nodeOptions, BIN, ...argv], { encoding: "utf8" }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );

describe("the door of the command", () => {
  test.each(["18.20.4", "20.20.2", "22.12.0", "24.14.9"])(
    "says under Node %s what to do",
    async (version) => {
      expect(await start(["--import", pretend(version)], ["--version"])).toEqual({
        code: 2,
        stdout: "",
        stderr: `sluice: needs Node 24.15 or newer, this is ${version}; in the checkout run \`npm ci\` once and then \`npx sluice\`, which brings Node 24 along\n`,
      });
    },
  );

  test.each(["24.15.0", "25.0.0"])("opens under Node %s", async (version) => {
    const { code, stdout } = await start(["--import", pretend(version)], ["--version"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });

  test("passes exit codes and both streams on", async () => {
    expect(await start([], ["verify", "ghcr.io/a/b:1", "--json"])).toEqual({
      code: 2,
      stdout: expect.stringMatching(/^\{"error":\{"code":"USAGE",/),
      stderr: "",
    });
    expect((await start([], ["nonsense"])).stderr).toMatch(/^sluice: unknown command 'nonsense'/);
  });
});

describe("a signal", () => {
  /** Sends it once the command has said something, so that it is at work. */
  const stop = async (argv: readonly string[], signal: NodeJS.Signals, cwd: string, input = "") => {
    const child = spawn(process.execPath, [BIN, ...argv], { cwd });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text));
    child.stdin.write(input);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill(signal);
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { code, said };
  };

  const within = async (work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-stop-"));
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends what waits for standard input with %d, in one line", async (signal, code) => {
    const line = '{"id":1,"kind":"HelmChart","spec":{"version":"1.x"},"tags":["1.2.0"]}\n';
    expect(await stop(["select", "--batch"], signal, ".", line)).toEqual({ code, said: "sluice: stopped\n" });
  });

  test("ends the playground amid its story", async () => {
    await within(async (folder) => {
      expect(await stop(["serve"], "SIGINT", folder)).toEqual({ code: 130, said: "sluice: stopped\n" });
    });
  });

  test("ends serve with 0: it has done what it should", async () => {
    await within(async (folder) => {
      await mkdir(join(folder, "manifests"));
      const clusters = [{ name: "c", manifests: { folder: "./manifests" } }];
      const config = { mode: "observe", listen: { port: 0 }, clusters };
      await writeFile(join(folder, "sluice.yaml"), JSON.stringify(config));
      expect(await stop(["serve", "--json"], "SIGTERM", folder)).toEqual({ code: 0, said: "" });
    });
  });
});
