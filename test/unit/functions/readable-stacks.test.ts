import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleFunction } from "../../../infra/bundle.ts";

const SOURCE = `const describe = (what: string): string => \`it is \${what}\`;

export const handler = async (what: string): Promise<void> => {
  throw new Error(describe(what));
};
`;

const READABLE = new URL("../../../functions/wiring/readable-stacks.ts", import.meta.url).href;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-stacks-"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "broken.ts"), SOURCE);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** In a process of its own, as the runtime would: the test's own loader maps stacks by itself. */
const stackOf = async (file: string): Promise<string> => {
  const program = `
    import { withReadableStacks } from ${JSON.stringify(READABLE)};
    import { handler } from ${JSON.stringify(pathToFileURL(join(folder, file)).href)};
    await withReadableStacks(handler)("broken").catch(({ stack }) => process.stdout.write(stack));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return stdout;
};

const bundle = (file: string): Promise<void> =>
  bundleFunction({ input: join(folder, "broken.ts"), folder, file, external: [] });

test.each(["index.mjs", "index.js"])(
  "an error of %s shows where in the sources it was thrown",
  async (file) => {
    await bundle(file);
    const stack = await stackOf(file);
    expect(stack).toMatch(/^Error: it is broken\n/);
    expect(stack).toContain("broken.ts:4:");
    expect(stack).not.toContain(file);
  },
);

test("without maps, the stack stays as it is", async () => {
  await bundle("index.mjs");
  rmSync(join(folder, "index.mjs.map"));
  expect(await stackOf("index.mjs")).toContain("index.mjs:1:");
});
