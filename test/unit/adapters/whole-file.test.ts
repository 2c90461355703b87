import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFile, replaceFile } from "../../../shared/adapters/node/whole-file.ts";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-whole-"));
  path = join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true }));

test("who reads meanwhile sees the old file or the new one, never a part", async () => {
  const [before, after] = ["a".repeat(1_000_000), "b".repeat(40_000_000)];
  await writeFile(path, before);
  let writing = true;
  const written = replaceFile(path, after).finally(() => {
    writing = false;
  });
  const sizes = new Set<number>();
  while (writing) sizes.add((await stat(path)).size);
  await written;
  expect([...sizes].every((size) => size === before.length || size === after.length)).toBe(true);
  expect(await readdir(folder)).toEqual(["file"]);
});

test("a replaced file keeps who may read it", async () => {
  await writeFile(path, "old", { mode: 0o600 });
  await replaceFile(path, "new");
  expect([await readFile(path, "utf8"), (await stat(path)).mode & 0o777]).toEqual(["new", 0o600]);
});

test("a link is written through", async () => {
  await writeFile(join(folder, "target"), "old");
  await symlink("target", path);
  await replaceFile(path, "new");
  expect(await readFile(join(folder, "target"), "utf8")).toBe("new");
});

test("a new file does not replace one", async () => {
  await createFile(path, "first");
  await expect(createFile(path, "second")).rejects.toMatchObject({ code: "EEXIST" });
  expect([await readFile(path, "utf8"), await readdir(folder)]).toEqual(["first", ["file"]]);
});
