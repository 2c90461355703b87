import { describe, expect, test } from "vitest";
import { registerSelect } from "../../../shared/cli/commands/select.ts";
import { runSluice } from "../../support/cli.ts";

const select = (argv: readonly string[], stdin: string | readonly Uint8Array[]) =>
  runSluice(["select", ...argv], { commands: [registerSelect], stdin });

describe("--range", () => {
  test.each([
    [["--range", ">=1.0.0 <2.0.0"], "1.0.0\n1.4.2\n2.0.0\n", "1.4.2"],
    [["--range", ">=1.0.0 <2.0.0"], "1.0.0\r\n1.4.2\r\n\r\n2.0.0", "1.4.2"],
    [["--range", ">=1.0.0-0"], "1.0.0\n1.1.0-rc.1\n", "1.1.0-rc.1"],
    [["--range", "*", "--filter", "-blue$"], "1.0.0-blue\n2.0.0\n", undefined],
    [["--range", ">=0-0", "--filter", "-blue$"], "1.0.0-blue\n2.0.0\n", "1.0.0-blue"],
    [["--range", "*", "--dialect", "helm"], "v2.0.0\n1.0.0\n", "1.0.0"],
    [["--range", "*", "--dialect", "flux"], "v2.0.0\n1.0.0\n", "v2.0.0"],
    [["--range", "*"], "", undefined],
  ])("%j of %j is %s", async (argv, stdin, expected) => {
    const found = expected !== undefined;
    expect(await select(argv, stdin)).toEqual({
      code: found ? 0 : 1,
      stdout: found ? `${expected}\n` : "",
      stderr: found ? "" : "sluice: no tag matches (no-match)\n",
    });
    const json = await select([...argv, "--json"], stdin);
    expect([json.code, json.stderr]).toEqual([found ? 0 : 1, ""]);
    expect(JSON.parse(json.stdout)).toEqual(
      found ? { selected: expected, ties: [] } : { selected: null, reason: "no-match" },
    );
  });

  test("ties are named, and --current settles them", async () => {
    const tags = "1.0.0\nv1.0.0\n";
    expect((await select(["--range", "*"], tags)).stderr).toMatch(
      /^sluice: Flux may take any of these, which it holds equal: 1\.0\.0 v1\.0\.0\n$/,
    );
    expect((await select(["--range", "*", "--current", "v1.0.0"], tags)).stdout).toBe("v1.0.0\n");
    expect((await select(["--range", "*", "--current", "1.0.0"], tags)).stdout).toBe("1.0.0\n");
  });

  test("a character that is split over two chunks of input is read whole", async () => {
    const bytes = new TextEncoder().encode("1.0.0\n2.0.0-é\n");
    const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect((await select(["--range", "*"], chunks)).stdout).toBe("1.0.0\n");
  });
});

describe("used wrongly", () => {
  test.each([
    [[], "sluice: write --range RANGE, or --batch for whole objects\n"],
    [["--range", "*", "--batch"], "sluice: write --batch or --range, not both\n"],
    [["--range", "*", "--dialect", "npm"], "sluice: --dialect npm: write one of flux, helm-oci, helm\n"],
    [["--range", "<<2"], /^sluice: .*<<2/],
    [["--range", "*", "--filter", "(a"], /^sluice: .*\(a/],
  ])("%j", async (argv, line) => {
    const { code, stdout, stderr } = await select(argv, "1.0.0\n");
    expect([code, stdout]).toEqual([2, ""]);
    if (typeof line === "string") expect(stderr).toBe(line);
    else expect(stderr).toMatch(line);
  });

  test.each([
    [["--range", ">>1"], /^sluice: --range >>1: no version range, such as '>=1\.0\.0 <2\.0\.0' \(.*\)\n$/],
    [["--range", "1.x", "--filter", "("], /^sluice: --filter \(: no Go regular expression \(.*\)\n$/],
  ])("%j names the option that is wrong", async (argv, line) => {
    const { code, stderr } = await select(argv, "1.0.0\n");
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
  });

  test("a tag of 10 kB is refused, not stored", async () => {
    expect((await select(["--range", "*"], `1.0.0\n${"x".repeat(10_000)}\n`)).stderr).toBe(
      "sluice: a line of standard input is longer than 4096 bytes\n",
    );
  });
});

test("--batch answers every line, whatever it holds", async () => {
  const lines = [
    { id: 1, kind: "OCIRepository", spec: { ref: { semver: ">=1.0.0" } }, tags: ["1.0.0", "1.2.0"] },
    { id: "b", kind: "HelmChart", spec: { version: "1.x" }, tags: ["v1.9.0", "1.2.0"] },
    { id: 3, kind: "ImagePolicy", spec: { policy: { alphabetical: {} } }, tags: ["a", "b"] },
    { id: 4, kind: "OCIRepository", spec: { ref: { semver: ">=9" } }, tags: ["1.0.0"] },
    { id: 5, kind: "Deployment", spec: {}, tags: [] },
  ];
  const stdin = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n\nnot json\n`;
  const { code, stdout } = await select(["--batch"], stdin);
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(code).toBe(0);
  expect(answers).toEqual([
    { id: 1, selected: "1.2.0" },
    { id: "b", selected: "1.2.0" },
    { id: 3, selected: "b" },
    { id: 4, error: "no-match", message: expect.any(String) },
    { id: 5, error: "line-invalid", message: expect.any(String) },
    { id: null, error: "line-invalid", message: expect.any(String) },
  ]);
});
