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

const READABLE = new URL("../../../functions/aws/readable-stacks.ts", import.meta.url).href;

let folder = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-stacks-"));
  writeFileSync(join(folder, "broken.ts"), SOURCE);
  await bundleFunction({ input: join(folder, "broken.ts"), folder, file: "index.mjs", external: [] });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** In a process of its own, as the runtime would: the test's own loader maps stacks by itself. */
const stackOf = async (): Promise<string> => {
  const program = `
    import { withReadableStacks } from ${JSON.stringify(READABLE)};
    import { handler } from ${JSON.stringify(pathToFileURL(join(folder, "index.mjs")).href)};
    await withReadableStacks(handler)("broken").catch(({ stack }) => process.stdout.write(stack));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return stdout;
};

test("an error shows where in the sources it was thrown", async () => {
  const stack = await stackOf();
  expect(stack).toMatch(/^Error: it is broken\n/);
  expect(stack).toContain("broken.ts:4:");
  expect(stack).not.toContain("index.mjs");
});

test("without maps, the stack stays as it is", async () => {
  rmSync(join(folder, "index.mjs.map"));
  expect(await stackOf()).toContain("index.mjs:1:");
});
