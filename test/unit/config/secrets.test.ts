import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfigText } from "../../../shared/adapters/node/config-file.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { Secret } from "../../../shared/artifact/secret.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-secrets-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("secrets", () => {
  const secrets = createNodeSecrets({ TOKEN: "s3cret", EMPTY: "" });

  test("come from files, byte by byte: a final newline belongs to the secret", async () => {
    const file = join(folder, "token");
    await writeFile(file, "s3cret\n");
    expect((await secrets.read({ file })).reveal()).toBe("s3cret\n");
  });

  test("are read again when the file changes, also where a link is turned as Kubernetes does", async () => {
    const [link, first, second] = ["link", "first", "second"].map((name) => join(folder, name));
    if (link === undefined || first === undefined || second === undefined) throw new Error("no names");
    await writeFile(first, "one");
    await writeFile(second, "two");
    await symlink(first, link);
    expect((await secrets.read({ file: link })).reveal()).toBe("one");
    await writeFile(first, "uno");
    expect((await secrets.read({ file: link })).reveal()).toBe("uno");
    await rm(link);
    await symlink(second, link);
    expect((await secrets.read({ file: link })).reveal()).toBe("two");
  });

  test.each([
    [{ env: "NONE" }, "environment variable NONE is not set; set it where sluice runs"],
    [{ env: "EMPTY" }, "environment variable EMPTY is empty; set it where sluice runs"],
    [
      { file: "/nowhere/at/all" },
      "secret file /nowhere/at/all cannot be read (ENOENT); check its path and permissions",
    ],
    [{ file: "/" }, "secret file / cannot be read (EISDIR); check its path and permissions"],
  ])("%j is SECRET_UNAVAILABLE", async (ref, message) => {
    await expect(secrets.read(ref)).rejects.toMatchObject({ code: "SECRET_UNAVAILABLE", message });
  });

  test.each([
    ["empty", "", "is empty"],
    ["large", "x".repeat(1_048_577), "is larger than 1 MiB"],
  ])("a file that is %s is refused", async (name, content, message) => {
    const file = join(folder, name);
    await writeFile(file, content);
    await expect(secrets.read({ file })).rejects.toMatchObject({
      code: "SECRET_UNAVAILABLE",
      message: `secret file ${file} ${message}`,
    });
  });
});

test("a Secret never prints itself", () => {
  const secret = new Secret("s3cret");
  const printed = [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ secret }),
  ];
  expect(printed.filter((text) => text.includes("s3cret"))).toEqual([]);
});

describe("the configuration file", () => {
  test("is named as it was given, and its folder is where relative paths start", async () => {
    await writeFile(join(folder, "sluice.yaml"), "mode: observe\n");
    expect(await readConfigText("sluice.yaml", folder)).toEqual({
      text: "mode: observe\n",
      file: "sluice.yaml",
      baseFolder: folder,
    });
  });

  test.each([
    ["absent.yaml", undefined, /^absent\.yaml: no such file; write one/],
    ["latin.yaml", new Uint8Array([0x6d, 0xe9]), /^latin\.yaml: is not UTF-8 text/],
    ["huge.yaml", new Uint8Array(4 * 1_048_576 + 1), /^huge\.yaml: is larger than 4194304 bytes/],
  ])("%s is CONFIG_INVALID", async (name, content, message) => {
    if (content !== undefined) await writeFile(join(folder, name), content);
    await expect(readConfigText(name, folder)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });

  test("a folder is not a file", async () => {
    await expect(readConfigText(".", folder)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: ".: cannot be read (EISDIR); it is a folder; name a file in it",
    });
  });
});
