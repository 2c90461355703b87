import { expect, test } from "vitest";
import { checkConfig } from "../../../shared/config.ts";

const check = (text: string) => checkConfig(text, { file: "f.yaml", baseFolder: "/" });
const firstOf = (text: string): string => {
  const result = check(text);
  return result.ok ? "accepted" : (result.problems[0]?.message ?? "");
};

const ALIAS_BOMB = Array.from({ length: 20 }, (_, level) => {
  const below = level === 0 ? '"x"' : `*a${level - 1}`;
  return `a${level}: &a${level} [${Array.from({ length: 9 }, () => below).join(", ")}]`;
}).join("\n");

test.each([
  ["2 MiB of text", "x".repeat(2_097_152), "is larger than 1 MiB; split off what is not configuration"],
  ["500,000 open brackets", "[".repeat(500_000), "is nested too deeply to be a configuration"],
  ["500,000 open braces", "{a: ".repeat(250_000), "is nested too deeply to be a configuration"],
  ["a tower of dashes", `${"- ".repeat(500_000)}a`, "is nested too deeply to be a configuration"],
  ["a tower of question marks", `${"? ".repeat(500_000)}a`, "is nested too deeply to be a configuration"],
  [
    "deep indentation",
    Array.from({ length: 1_400 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
    "is nested too deeply to be a configuration",
  ],
  ["an alias bomb", ALIAS_BOMB, "uses YAML aliases that are unknown or too many; write the values out"],
])("%s ends in one problem", (_, text, message) => {
  expect(firstOf(text)).toBe(message);
});

test("an alias that holds itself is not followed for ever", () => {
  expect(firstOf("mode: observe\nclusters: &c [{name: a, manifests: {folder: x}, receiver: *c}]\n")).toMatch(
    /^/,
  );
  expect(check("mode: observe\nclusters: &c [*c]\n").ok).toBe(false);
});

test("ten thousand mistakes are cut to a hundred", () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `key${index}: 1`).join("\n");
  const items = Array.from({ length: 10_000 }, () => "- 1").join("\n");
  const results = [check(keys), check(`mode: observe\nclusters:\n${items}`), check("a: 1\n".repeat(10_000))];
  expect(results.map((result) => (result.ok ? 0 : result.problems.length))).toEqual([100, 100, 100]);
});

test("a mapping of 50,000 keys costs no more than its size", () => {
  const hosts = Array.from({ length: 50_000 }, (_, index) => `  h${index}.example: {}`).join("\n");
  const text = `mode: observe\nclusters: [{name: a, manifests: {folder: x}}]\nregistries:\n${hosts}\n`;
  expect(check(text).ok).toBe(true);
});

test("a pattern that makes back-tracking engines hang is compiled in linear time", () => {
  const rule = `{repositories: a.example/x, identities: [{issuer: "(a+)+$", subject: "(.*)*x"}]}`;
  expect(check(`mode: observe\nclusters: [{name: a, manifests: {folder: x}}]\nrules: [${rule}]\n`).ok).toBe(
    true,
  );
});
