import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createProgram } from "../../../shared/cli/program.ts";
import type { SelectorProblemCode, TagRefusal } from "../../../shared/policy/selection.ts";
import type { DecisionOutcome } from "../../../shared/state.ts";
import { generatedTables } from "../../support/docs-tables.ts";
import { firstColumnCodes, sectionOf } from "../../support/markdown.ts";
import { ROOT, readPage } from "./pages.ts";

const README = readPage("README.md");
const DECISIONS = readPage("docs/decisions.md");

const sourceOf = (pattern: string): string =>
  globSync(pattern, { cwd: ROOT })
    .map((path) => readFileSync(join(ROOT, path), "utf8"))
    .join("\n");

const sorted = (codes: Iterable<string>): readonly string[] => [...new Set(codes)].sort();

test.each(generatedTables())("$page: the table `$name` is the code's own (npm run docs)", (table) => {
  expect(sectionOf(readPage(table.page), table.name)).toBe(table.text);
});

// A code that is added to the union and not here is a type error.
const TAG_REFUSALS: Readonly<Record<TagRefusal | SelectorProblemCode, true>> = {
  "range-invalid": true,
  "filter-invalid": true,
  "exclusion-invalid": true,
  "not-a-number": true,
  "digest-pinned": true,
  "other-tag": true,
  "filtered-out": true,
  excluded: true,
  "not-a-version": true,
  "outside-range": true,
};
const OUTCOMES: Readonly<Record<DecisionOutcome, true>> = {
  notify: true,
  wait: true,
  ignore: true,
  reject: true,
};

const decidingSource = (): string =>
  globSync("shared/pipeline/evaluate/*.ts", { cwd: ROOT })
    // Its codes compare decisions; they are no reasons of one.
    .filter((path) => !path.endsWith("/compare.ts"))
    .map((path) => readFileSync(join(ROOT, path), "utf8"))
    .join("\n");

/** What a record's `reason` can be, as the deciding files write it; a verdict's own codes come from elsewhere. */
const pipelineReasons = (): readonly string[] =>
  decidingSource()
    .split("\n")
    .filter((line) =>
      /\b(?:reason|(?:told|untold)Reason)\b|recordIgnored\(|decideIgnored\(|\b(?:refuse|unverified|concludePending)\(|flux-would-refuse/.test(
        line,
      ),
    )
    .map((line) =>
      line.replace(/Pick<.*?>|(?:kind|status|outcome): "[a-z]+"|=== "[a-z]+"|"(?:ignore|reject)"/g, ""),
    )
    .flatMap((line) => [...line.matchAll(/"([a-z]+(?:-[a-z]+)*)"/g)].map(([, code]) => code ?? ""))
    // How a selection starts before anybody looked at it, and a status: neither stands in a record.
    .filter((code) => code !== "new" && code !== "rejected");

describe("docs/decisions.md", () => {
  test("has every reason of the pipeline and of selection, and no other", () => {
    const written = firstColumnCodes(sectionOf(DECISIONS, "reasons"));
    expect(sorted(written)).toEqual(sorted([...pipelineReasons(), ...Object.keys(TAG_REFUSALS)]));
    expect(written).toHaveLength(new Set(written).size);
  });

  test("has every decision", () => {
    for (const outcome of Object.keys(OUTCOMES)) expect(DECISIONS).toContain(`\n| \`${outcome}\` | `);
  });
});

describe("README.md", () => {
  test("has the exit codes as `sluice --help` has them", () => {
    const silent = { write: () => {}, ready: () => Promise.resolve() };
    let help = "";
    const program = createProgram(
      {
        stdout: { ...silent, write: (text) => (help += text) },
        stderr: silent,
        stdin: async function* () {},
        env: {},
        cwd: "/",
        nowMs: () => 0,
        color: false,
        signal: new AbortController().signal,
      },
      "1.0.0",
    );
    program.outputHelp();
    const codes = [...help.matchAll(/^ {2}([0-9]) {2}(.+)$/gm)].map(([, code, meaning]) => [code, meaning]);
    const written = [...README.matchAll(/^\| `([0-9])` \| (.+) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(codes).toHaveLength(3);
    expect(written).toEqual(codes);
  });
});

test("docs/codes.md has every line of the log, and no other", () => {
  const source = sourceOf("shared/pipeline/**/*.ts") + sourceOf("functions/**/*.ts");
  const logged = [...source.matchAll(/\blog\(\s*"([a-z-]+)"/g)].map(([, event]) => event ?? "");
  expect(sorted(firstColumnCodes(sectionOf(readPage("docs/codes.md"), "log")))).toEqual(sorted(logged));
});
