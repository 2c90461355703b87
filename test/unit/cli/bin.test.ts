import { execFile } from "node:child_process";
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
