import { describe, expect, test } from "vitest";
import { parseEvidenceTag } from "../../../shared/artifact/digest.ts";
import { SOURCE_TYPES } from "../../../shared/config/schema-sources.ts";
import type { Push } from "../../../shared/ports.ts";
import { parseSource, SOURCES } from "../../../shared/push/sources.ts";
import { supportMatrix, toMarkdownMatrix } from "../../../shared/push/support-matrix.ts";
import { EVENT_FIXTURES } from "./event-fixtures.ts";

const ORIGINS = ["captured", "documented", "inferred"] as const;

const saysSubject = ({ subject, tag }: Push): boolean =>
  subject !== undefined && (tag === undefined || parseEvidenceTag(tag) === undefined);

/** What the fixtures show a source's events to say. */
const shownBy = (source: string) => {
  const fixtures = EVENT_FIXTURES.filter((fixture) => fixture.source === source);
  const actedOn = fixtures.filter(({ expected }) => expected?.some(({ kind }) => kind !== "ignored"));
  const pushes = actedOn.flatMap(({ expected }) => expected ?? []).filter(({ kind }) => kind !== "ignored");
  const withoutOverride = actedOn.filter(({ registry }) => registry === undefined);
  return {
    host: withoutOverride.some(({ expected }) => expected?.some(({ registry }) => registry !== undefined)),
    tag: pushes.some(({ tag }) => tag !== undefined),
    digest: pushes.some(({ digest }) => digest !== undefined),
    "media type": pushes.some(({ mediaType }) => mediaType !== undefined),
    subject: pushes.some(saysSubject),
    payloads: ORIGINS.find((origin) => actedOn.some((fixture) => fixture.origin === origin)),
  };
};

describe.each(supportMatrix())("$name", ({ name, says, payloads }) => {
  test("says what its fixtures show, and no more", () => {
    const shown = shownBy(name);
    const claimed = new Set<string>(says);
    for (const field of ["host", "tag", "digest", "media type", "subject"] as const)
      expect({ field, shown: shown[field] }).toEqual({ field, shown: claimed.has(field) });
  });

  test("has payloads as well known as its fixtures", () => {
    expect(shownBy(name).payloads).toBe(payloads);
  });
});

test("names are the ones that sluice.yaml takes", () => {
  expect(Object.keys(SOURCES).sort()).toEqual([...SOURCE_TYPES].sort());
  for (const [name, source] of Object.entries(SOURCES)) expect(source.name).toBe(name);
});

test.each(["toString", "__proto__", "constructor", "", "ECR", "unknown"])("%s is no source", (name) => {
  expect(parseSource(name)).toBeUndefined();
});

test("the Markdown table has a line per source and no stray column", () => {
  const lines = toMarkdownMatrix(supportMatrix()).split("\n");
  expect(lines).toHaveLength(2 + Object.keys(SOURCES).length);
  expect(new Set(lines.map((line) => line.split(" | ").length))).toEqual(new Set([6]));
});
