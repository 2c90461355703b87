import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashFiles, readManifestFolder } from "../../../shared/adapters/node/manifest-folder.ts";

const LIMITS = { maxFiles: 5, maxFileBytes: 100, maxTotalBytes: 150 };

describe("a folder of manifests", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-folder-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = async (name: string, content = "a: 1\n"): Promise<void> => {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  };
  const names = async (): Promise<readonly string[]> =>
    (await readManifestFolder(folder, LIMITS)).map(({ name }) => name);

  test("gives its YAML and JSON files in order, nested ones too", async () => {
    for (const name of ["b.yml", "a/c.yaml", "d.json", "README.md", ".git/x.yaml"]) await write(name);
    expect(await names()).toEqual(["a/c.yaml", "b.yml", "d.json"]);
  });

  test("reads a mounted ConfigMap once, through its links", async () => {
    await write("..2026_11_22/app.yaml");
    await symlink("..2026_11_22", join(folder, "..data"));
    await symlink(join("..data", "app.yaml"), join(folder, "app.yaml"));
    expect(await names()).toEqual(["app.yaml"]);
  });

  test("follows no link that leads outside", async () => {
    const outside = await mkdtemp(join(tmpdir(), "sluice-outside-"));
    await writeFile(join(outside, "secret.yaml"), "a: 1\n");
    await symlink(join(outside, "secret.yaml"), join(folder, "secret.yaml"));
    await symlink("gone.yaml", join(folder, "dangling.yaml"));
    expect(await names()).toEqual([]);
    await rm(outside, { recursive: true });
  });

  test.each([
    { what: "a large file", files: [["a.yaml", 101]], says: /a\.yaml is larger than 100 bytes/ },
    {
      what: "much in all",
      files: [
        ["a.yaml", 80],
        ["b.yaml", 80],
      ],
      says: /holds more than 150 bytes/,
    },
    {
      what: "many files",
      files: Array.from({ length: 6 }, (_, index) => [`${index}.yaml`, 1]),
      says: /more than 5 files/,
    },
  ] as const)("refuses $what", async ({ files, says }) => {
    for (const [name, size] of files) await write(String(name), "x".repeat(Number(size)));
    await expect(names()).rejects.toThrowError(says);
  });

  test("says which folder is not there", async () => {
    await expect(readManifestFolder(join(folder, "absent"), LIMITS)).rejects.toMatchObject({
      code: "CATALOG_INVALID",
    });
  });

  test("has a hash that changes with any name or byte", async () => {
    await write("a.yaml");
    const before = hashFiles(await readManifestFolder(folder, LIMITS));
    expect(hashFiles(await readManifestFolder(folder, LIMITS))).toBe(before);
    await write("a.yaml", "a: 2\n");
    expect(hashFiles(await readManifestFolder(folder, LIMITS))).not.toBe(before);
  });
});
