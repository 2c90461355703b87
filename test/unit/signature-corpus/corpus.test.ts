import { describe, expect, test } from "vitest";
import { CASES } from "./cases.ts";
import { type CorpusCase, expectedFor, type Format } from "./corpus-case.ts";
import { MILDER, STRICTER } from "./deviations.ts";
import { toAttacked, toTwin, toVerdict } from "./run-case.ts";
import { createWorld } from "./world.ts";

const ATTACK_CLASSES = 34;

const world = createWorld();

const runs = CASES.flatMap((corpusCase) => corpusCase.formats.map((format) => ({ corpusCase, format })));

const title = ({ attackClass, name }: CorpusCase, format: Format): string =>
  `${attackClass}. ${name} [${format}]`;

describe("attacks", () => {
  for (const { corpusCase, format } of runs) {
    const expected = expectedFor(corpusCase, format);
    test(`${title(corpusCase, format)} → ${expected}`, async () => {
      expect(await toVerdict(toAttacked(world, corpusCase, format))).toBe(expected);
    });
  }
});

/** Cases that start from the same scenario share its twin. */
const twins = Map.groupBy(runs, ({ corpusCase, format }) => {
  const number = CASES.findIndex(({ setup }) => setup === corpusCase.setup);
  return `${format} ${number}`;
});

describe("twins: the same without the attack", () => {
  for (const [first, ...others] of twins.values()) {
    if (first === undefined) continue;
    test(`${title(first.corpusCase, first.format)} and ${others.length} more`, async () => {
      expect(await toVerdict(toTwin(world, first.corpusCase, first.format))).toBe("verified");
    });
  }
});

describe("the corpus", () => {
  test("has every class of attack", () => {
    const classes = new Set(CASES.map(({ attackClass }) => attackClass));
    const all = Array.from({ length: ATTACK_CLASSES }, (_, index) => index + 1);
    expect(all.filter((attackClass) => !classes.has(attackClass))).toEqual([]);
  });

  test("has at least 150 attacks on each storage format", () => {
    const legacy = runs.filter(({ format }) => format === "legacy");
    expect(legacy.length).toBeGreaterThan(150);
    expect(runs.length - legacy.length).toBeGreaterThan(150);
  });

  test("names no case twice", () => {
    const names = runs.map(({ corpusCase, format }) => title(corpusCase, format));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("lists deviations from cosign by cases that exist and the verdict that they have", () => {
    for (const { expected, cases } of [...STRICTER, ...MILDER]) {
      for (const name of cases) {
        const verdicts = runs
          .filter(({ corpusCase }) => corpusCase.name === name)
          .map(({ corpusCase, format }) => expectedFor(corpusCase, format));
        expect({ name, verdicts }).toEqual({ name, verdicts: expect.arrayContaining([expected]) });
      }
    }
  });
});
