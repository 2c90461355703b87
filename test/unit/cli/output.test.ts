import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { formatAge, formatDuration } from "../../../shared/cli/ages.ts";
import { createPaint, wantsColor } from "../../../shared/cli/paint.ts";
import { printable } from "../../../shared/cli/printable.ts";
import { formatFacts, formatTable } from "../../../shared/cli/table.ts";

const plain = createPaint({ color: false });
const colored = createPaint({ color: true });

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_599_999, "59 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
  [-5, "0 ms"],
])("%d ms is %s", (durationMs, expected) => {
  expect(formatDuration(durationMs)).toBe(expected);
});

test.each([
  [10_000, 10_000, "now"],
  [10_000, 10_999, "now"],
  [10_000, 13_500, "3 s ago"],
  [100_000, 10_000, "in 1 min"],
])("%d seen at %d is %s", (atMs, nowMs, expected) => {
  expect(formatAge(atMs, nowMs)).toBe(expected);
});

describe("tables", () => {
  test("columns are as wide as their widest cell, the last one ends where its text ends", () => {
    const rows = [
      ["a", "long cell", "x"],
      ["bb", "c", ""],
    ];
    expect(formatTable(plain, ["one", "two", "three"], rows)).toBe(
      ["ONE  TWO        THREE", "a    long cell  x", "bb   c", ""].join("\n"),
    );
  });

  test("colours do not count as width", () => {
    const rows = [
      [{ painted: colored.good("verified") }, "x"],
      ["rejected!", "y"],
    ];
    const table = formatTable(colored, ["outcome", "id"], rows);
    expect(table).toContain("\u001b[32mverified");
    expect(stripVTControlCharacters(table)).toBe(
      ["OUTCOME    ID", "verified   x", "rejected!  y", ""].join("\n"),
    );
  });

  describe("on a terminal of 40 columns", () => {
    const narrow = createPaint({ color: false, columns: 40 });

    test("what fits stays as it is", () => {
      const rows = [["a".repeat(20), "b".repeat(18)]];
      expect(formatTable(narrow, ["one", "two"], rows)).toBe(formatTable(plain, ["one", "two"], rows));
    });

    test("the widest text wraps between words, and its neighbours stay beside it", () => {
      const rows = [
        ["prod/apps/x", "it is out of reach, so nobody was told of it yet"],
        ["prod/apps/y", "no"],
      ];
      expect(formatTable(narrow, ["receiver", "why"], rows)).toBe(
        [
          "RECEIVER     WHY",
          "prod/apps/x  it is out of reach, so",
          "             nobody was told of it yet",
          "prod/apps/y  no",
          "",
        ].join("\n"),
      );
    });

    test("names are never broken: a row that cannot fit becomes a block", () => {
      const object = "production/OCIRepository/apps/shop";
      const rows = [
        [object, "1.4.2", "verified"],
        ["b", "", "x"],
      ];
      expect(formatTable(narrow, ["object", "version", "why"], rows)).toBe(
        [`object   ${object}`, "version  1.4.2", "why      verified", "", "object  b", "why     x", ""].join(
          "\n",
        ),
      );
    });

    test("a row of many lines becomes a block, too", () => {
      const prose = "word ".repeat(60).trim();
      expect(formatTable(narrow, ["a", "b"], [["x", prose]])).toBe(`a  x\nb  ${prose}\n`);
    });
  });

  test("cells from outside stay on their line", () => {
    expect(formatTable(plain, ["tag"], [["1.0.0\nverified"], ["\u001b[2K"]])).toBe(
      "TAG\n1.0.0\\u{a}verified\n\\u{1b}[2K\n",
    );
  });
});

test("facts align, and those without a value are left out", () => {
  const facts = [
    ["a", "1"],
    ["longer", undefined],
    ["bbb", { painted: "2" }],
  ] as const;
  expect(formatFacts(plain, facts)).toBe("a    1\nbbb  2\n");
});

test.each([
  ["plain", "plain"],
  ["é日本", "é日本"],
  ["\u0007", "\\u{7}"],
  ["\u009b31m", "\\u{9b}31m"],
  ["a\u202eb", "a\\u{202e}b"],
  ["a\u200bb", "a\\u{200b}b"],
  ["\ud800", "\ufffd"],
])("%j prints as %s", (text, expected) => {
  expect(printable(text)).toBe(expected);
});

describe("colours", () => {
  test.each([
    [{}, true, [], true],
    [{}, false, [], false],
    [{ NO_COLOR: "1" }, true, [], false],
    [{ NO_COLOR: "" }, true, [], true],
    [{ FORCE_COLOR: "1" }, false, [], true],
    [{ FORCE_COLOR: "0" }, true, [], false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, [], true],
    [{ FORCE_COLOR: "1" }, true, ["--no-color"], false],
    [{ TERM: "dumb" }, true, [], false],
  ])("%j on a terminal: %s, with %j: %s", (env, isTty, argv, expected) => {
    expect(wantsColor({ env, isTty, argv })).toBe(expected);
  });

  test("without them text stays as it is", () => {
    expect(plain.good("ok") + plain.bad("no") + plain.warn("?") + plain.dim(".") + plain.strong("!")).toBe(
      "okno?.!",
    );
    expect(colored.bad("no")).toBe("\u001b[31mno\u001b[39m");
  });
});
