import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FUNCTIONS, packageFunctions } from "../../../infra/gcp/package.ts";

const FRAMEWORK = "@google-cloud/functions-framework";
const ROOT = join(import.meta.dirname, "../../..");

let folder: string;
let out: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-package-gcp-"));
  out = join(folder, "out");
  const config = join(folder, "deployment");
  await mkdir(config);
  await writeFile(
    join(config, "sluice.yaml"),
    "mode: observe\ncatalog: {file: ./catalog.json}\nclusters: [{name: production}]\n",
  );
  await packageFunctions(config, out);
  // What Google's build installs, and nothing else.
  await mkdir(join(out, "node_modules/@google-cloud"), { recursive: true });
  await symlink(join(ROOT, "node_modules", FRAMEWORK), join(out, "node_modules", FRAMEWORK));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(FUNCTIONS)(
  "%s is its module, what that loads on first use, and the configuration",
  async (name) => {
    const files = (await readdir(join(out, name))).sort();
    expect(files).toEqual([
      "chunks",
      "index.js",
      "index.js.map",
      "package.json",
      "sluice.json",
      "sluice.yaml",
    ]);
    const chunks = await readdir(join(out, name, "chunks"));
    expect(chunks.filter((file) => !/\.mjs(\.map)?$/.test(file))).toEqual([]);
    const manifest: unknown = JSON.parse(await readFile(join(out, name, "package.json"), "utf8"));
    expect(manifest).toMatchObject({
      type: "module",
      main: "index.js",
      dependencies: { [FRAMEWORK]: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    });
  },
);

test.each(FUNCTIONS)("%s starts with nothing beside it but the framework", (name) => {
  const program = `await import("./index.js")`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: join(out, name),
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("a folder without sluice.yaml is refused in one line", async () => {
  await expect(packageFunctions(out, join(folder, "other"))).rejects.toThrow(/no sluice\.yaml/);
});
