import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleBytes } from "../../bench/cold/bundle-bytes.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("counts what is loaded on first use, and neither source maps nor configuration", () => {
  mkdirSync(join(folder, "chunks"));
  writeFileSync(join(folder, "index.mjs"), "x".repeat(100));
  writeFileSync(join(folder, "chunks", "clients-abc.mjs"), "x".repeat(20));
  writeFileSync(join(folder, "chunks", "clients-abc.mjs.map"), "x".repeat(5_000));
  writeFileSync(join(folder, "sluice.yaml"), "x".repeat(5_000));
  expect(bundleBytes(folder)).toBe(120);
});

test("a folder without a bundle is no bundle of no bytes", () => {
  writeFileSync(join(folder, "package.json"), "{}");
  expect(() => bundleBytes(folder)).toThrow(/no bundle in/);
});
