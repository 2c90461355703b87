import { expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { MAX_EVENTS, MAX_NAMES_IN_EVENT } from "../../../shared/push/limits.ts";
import { toClientPath } from "../../../shared/push/repository-path.ts";
import { optionsWith, requestOf, sourceNamed } from "./event-fixtures.ts";

const many = <T>(count: number, item: T): readonly T[] => new Array(count).fill(item);
const NAMES = MAX_NAMES_IN_EVENT;
const repository = { repo_full_name: "a/b" };
const resource = { tag: "1", resource_url: "h.example/a/b:1" };

const CASES = [
  {
    source: "distribution",
    body: (count: number) => ({ events: many(count, { action: "pull" }) }),
    limit: MAX_EVENTS,
  },
  { source: "acr-eventgrid", body: (count: number) => many(count, { eventType: "X" }), limit: MAX_EVENTS },
  {
    source: "ecr",
    body: (count: number) => many(count, { source: "x", "detail-type": "x", detail: {} }),
    limit: MAX_EVENTS,
  },
  {
    source: "cloudevents",
    body: (count: number) => many(count, { specversion: "1.0", type: "x" }),
    limit: MAX_EVENTS,
  },
  {
    source: "quay",
    body: (count: number) => ({ docker_url: "q.example/a/b", updated_tags: many(count, "1") }),
    limit: NAMES,
  },
  {
    source: "harbor",
    body: (count: number) => ({
      type: "PUSH_ARTIFACT",
      occur_at: 1,
      event_data: { resources: many(count, resource), repository },
    }),
    limit: NAMES,
  },
] as const;

test.each(CASES)("$source reads up to $limit entries", ({ source, body, limit }) => {
  const parse = (count: number) =>
    sourceNamed(source).parse(requestOf(JSON.stringify(body(count))), optionsWith());
  expect(parse(limit)).toHaveLength(limit);
  let thrown: unknown;
  try {
    parse(limit + 1);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(PipelineError);
  expect(thrown).toMatchObject({ code: "PUSH_TOO_LARGE" });
});

test.each([
  { first: "local", paths: undefined, byDefault: "local", expected: "local/app" },
  { first: "local", paths: { local: "virtual" }, byDefault: "local", expected: "virtual/app" },
  { first: "local", paths: { local: "" }, byDefault: "local", expected: "app" },
  { first: "other", paths: { local: "virtual" }, byDefault: "", expected: "app" },
  { first: "constructor", paths: {}, byDefault: "constructor", expected: "constructor/app" },
])("$first with $paths is pulled as $expected", ({ first, paths, byDefault, expected }) => {
  expect(toClientPath(first, "app", paths, byDefault)).toBe(expected);
});
