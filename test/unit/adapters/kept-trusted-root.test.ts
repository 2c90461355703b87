import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepRoot, readKeptRoot } from "../../../shared/adapters/node/kept-trusted-root.ts";

test("a root is kept for us alone, in a folder that is made for it, and read as it was", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kept-root-"));
  const path = join(folder, "deep", "root.json");
  try {
    const root = { bytes: Buffer.from("root"), version: 7 };
    await keepRoot(path, root);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readKeptRoot(path)).toEqual(root);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
