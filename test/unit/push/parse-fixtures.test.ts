import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { EVENT_FIXTURES, optionsWith, readBody, requestOf, sourceNamed } from "./event-fixtures.ts";

const parse = (fixture: (typeof EVENT_FIXTURES)[number]) => {
  const { source, file, headers, registry, repositoryPaths } = fixture;
  const options = optionsWith({
    ...(registry !== undefined && { registry }),
    ...(repositoryPaths !== undefined && { repositoryPaths }),
  });
  return sourceNamed(source).parse(requestOf(readBody(file), headers), options);
};

const accepted = EVENT_FIXTURES.filter(({ expected }) => expected !== undefined);
const refused = EVENT_FIXTURES.filter(({ error }) => error !== undefined);

test.each(accepted)("$file: $shows", (fixture) => {
  expect(parse(fixture)).toEqual(fixture.expected);
});

test.each(refused)("$file: $shows", (fixture) => {
  let thrown: unknown;
  try {
    parse(fixture);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(PipelineError);
  expect(thrown).toMatchObject(fixture.error ?? {});
});

describe("the list of fixtures", () => {
  test("names every file, and each has an outcome and an origin", () => {
    const folder = new URL("../../fixtures/events/", import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.includes("/") && file.endsWith(".json"))
      .sort();
    expect(new Set(EVENT_FIXTURES.map(({ file }) => file))).toEqual(new Set(files));
    for (const { expected, error, origin } of EVENT_FIXTURES) {
      expect((expected === undefined) !== (error === undefined)).toBe(true);
      expect(["captured", "documented", "inferred"]).toContain(origin);
    }
  });
});
