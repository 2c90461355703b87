import { describe, expect, test } from "vitest";
import { isAllowed, parseLockfile, selectRefused } from "../../check/licences.ts";

const lockWith = (entry: Readonly<Record<string, unknown>>) =>
  parseLockfile(
    JSON.stringify({ packages: { "": {}, "node_modules/@x/thing": { version: "1.0.0", ...entry } } }),
  );

describe("licence list", () => {
  test.each([
    { entry: { license: "MIT" }, refused: 0 },
    { entry: { license: "MIT OR GPL-3.0" }, refused: 0 },
    { entry: { license: "MIT AND GPL-3.0" }, refused: 1 },
    { entry: { license: "(MIT OR GPL-3.0) AND AGPL-3.0" }, refused: 1 },
    { entry: { license: "AGPL-3.0" }, refused: 1 },
    { entry: { license: "SEE LICENSE IN LICENSE.txt" }, refused: 1 },
    { entry: {}, refused: 1 },
    { entry: { license: "MPL-2.0" }, refused: 1 },
    { entry: { license: "MPL-2.0", dev: true }, refused: 0 },
    { entry: { license: "GPL-3.0", dev: true }, refused: 1 },
  ])("$entry leaves $refused refused", ({ entry, refused }) => {
    expect(selectRefused(lockWith(entry))).toHaveLength(refused);
  });

  test("workspace links are ours and carry no licence of others", () => {
    expect(parseLockfile('{"packages":{"node_modules/oras-js":{"link":true}}}')).toEqual([]);
  });

  test("an AND needs every side", () => {
    expect(isAllowed("MIT AND ISC", new Set(["MIT", "ISC"]))).toBe(true);
    expect(isAllowed("MIT AND ISC", new Set(["MIT"]))).toBe(false);
  });
});
