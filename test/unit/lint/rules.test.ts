import { beforeAll, describe, expect, test } from "vitest";
import { lintPlanted, type Planted } from "./plant.ts";

const lines = (count: number) =>
  Array.from({ length: count }, (_, at) => `export const v${at} = ${at};`).join("\n");

const violations: readonly (Planted & { readonly rule: string })[] = [
  {
    rule: "lint/nursery/noFloatingPromises",
    path: "shared/pipeline/floating.ts",
    source: "const work = async () => 1;\nexport const go = () => {\n  work();\n};\n",
  },
  {
    rule: "lint/nursery/useExhaustiveSwitchCases",
    path: "shared/pipeline/switch.ts",
    source:
      'type Kind = "a" | "b";\nexport const of = (kind: Kind) => {\n  switch (kind) {\n    case "a":\n      return 1;\n  }\n};\n',
  },
  {
    rule: "lint/suspicious/noImportCycles",
    path: "shared/policy/cycle-a.ts",
    source: 'import { b } from "./cycle-b.ts";\nexport const a = () => b();\n',
  },
  {
    rule: "lint/suspicious/noImportCycles",
    path: "shared/policy/cycle-b.ts",
    source: 'import { a } from "./cycle-a.ts";\nexport const b = (): unknown => a();\n',
  },
  { rule: "lint/style/noExcessiveLinesPerFile", path: "shared/policy/long.ts", source: `${lines(301)}\n` },
  {
    rule: "lint/style/useErrorCause",
    path: "shared/adapters/node/cause.ts",
    source:
      'export const go = (f: () => void) => {\n  try {\n    f();\n  } catch (error) {\n    throw new Error("lost");\n  }\n};\n',
  },
  {
    rule: "lint/style/noProcessEnv",
    path: "shared/adapters/node/env.ts",
    source: 'import process from "node:process";\nexport const home = process.env.HOME;\n',
  },
  {
    rule: "lint/style/noProcessEnv",
    path: "shared/cli/env.ts",
    source: "export const home = process.env.HOME;\n",
  },
  {
    rule: "lint/suspicious/noExplicitAny",
    path: "shared/policy/any.ts",
    source: "export const f = (x: any) => x;\n",
  },
  { rule: "lint/style/noEnum", path: "shared/policy/enum.ts", source: "export enum Kind {\n  A,\n}\n" },
  { rule: "lint/style/noDefaultExport", path: "shared/policy/default.ts", source: "export default 1;\n" },
  {
    rule: "lint/style/noNonNullAssertion",
    path: "shared/policy/bang.ts",
    source: "export const f = (x?: { y: number }) => x!.y;\n",
  },
  {
    rule: "lint/performance/noBarrelFile",
    path: "shared/policy/index.ts",
    source: 'export * from "./a.ts";\n',
  },
  ...["push", "signature", "policy", "delivery", "promotion", "pipeline"].flatMap((folder) => [
    {
      rule: "lint/style/noRestrictedGlobals",
      path: `shared/${folder}/date.ts`,
      source: "export const now = () => Date.now();\n",
    },
    {
      rule: "lint/style/noRestrictedGlobals",
      path: `shared/${folder}/fetch.ts`,
      source: 'export const get = () => fetch("http://127.0.0.1/");\n',
    },
    {
      rule: "lint/style/noRestrictedGlobals",
      path: `shared/${folder}/timer.ts`,
      source: "export const wait = (f: () => void) => setTimeout(f, 1);\n",
    },
    {
      rule: "plugin",
      path: `shared/${folder}/random.ts`,
      source: "export const roll = () => Math.random();\n",
    },
  ]),
];

const honest: readonly Planted[] = [
  { path: "functions/local/env.ts", source: "export const home = process.env.HOME;\n" },
  { path: "test/interop/env.ts", source: "export const home = process.env.HOME;\n" },
  { path: "vitest.config.ts", source: "export default { test: {} };\n" },
  { path: "shared/adapters/node/clock.ts", source: "export const now = () => Date.now();\n" },
  { path: "shared/policy/short.ts", source: `${lines(300)}\n` },
  {
    path: "shared/adapters/node/kept-cause.ts",
    source:
      'export const go = (f: () => void) => {\n  try {\n    f();\n  } catch (cause) {\n    throw new Error("kept", { cause });\n  }\n};\n',
  },
];

describe("each lint rule fires on what it is for", () => {
  let broken: ReadonlyMap<string, readonly string[]>;
  beforeAll(async () => {
    broken = await lintPlanted([...violations, ...honest]);
  });

  test.each(violations)("$rule in $path", ({ path, rule }) => {
    expect(broken.get(path)).toContain(rule);
  });

  test.each(honest)("nothing in $path", ({ path }) => {
    expect(broken.get(path)).toEqual([]);
  });
});
