import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isDigest } from "../../shared/artifact/digest.ts";
import { PipelineError } from "../../shared/errors.ts";
import type { IncomingRequest, Push } from "../../shared/ports.ts";
import { IGNORED } from "../../shared/push/ignored.ts";
import { isEventId, isHost, isRepositoryPath, isUsableTag } from "../../shared/push/names.ts";
import { toParseOutput } from "../../shared/push/parse-output.ts";
import { receivePushes } from "../../shared/push/receive.ts";
import { SOURCES } from "../../shared/push/sources.ts";
import {
  EVENT_FIXTURES,
  optionsWith,
  readBody,
  requestOf,
  sourceNamed,
} from "../unit/push/event-fixtures.ts";

const SOURCES_AND_FIXTURES = Object.keys(SOURCES).map((name) => ({
  name,
  fixtures: EVENT_FIXTURES.filter(({ source }) => source === name),
}));

/** Whatever a body says, what leaves the parser is safe to put into URLs, keys and logs. */
const expectSafe = (push: Push): void => {
  expect(["artifact", "evidence", "ignored"]).toContain(push.kind);
  if (push.repository !== undefined) expect(isRepositoryPath(push.repository)).toBe(true);
  if (push.registry !== undefined) expect(isHost(push.registry)).toBe(true);
  if (push.tag !== undefined) expect(isUsableTag(push.tag)).toBe(true);
  if (push.digest !== undefined) expect(isDigest(push.digest)).toBe(true);
  if (push.subject !== undefined) expect(isDigest(push.subject)).toBe(true);
  if (push.id !== undefined) expect(isEventId(push.id.replace(/#[0-9]+$/, ""))).toBe(true);
  if (push.kind === "ignored") expect(Object.keys(IGNORED)).toContain(push.reason);
  else
    expect(push.repository !== undefined && (push.tag ?? push.digest ?? push.subject) !== undefined).toBe(
      true,
    );
};

/** Parsing ends in pushes or in a typed error of one line. */
const expectParsedOrRefused = (name: string, request: IncomingRequest): void => {
  let pushes: readonly Push[];
  try {
    pushes = sourceNamed(name).parse(request, optionsWith());
  } catch (error) {
    expect(error).toBeInstanceOf(PipelineError);
    if (!(error instanceof PipelineError)) return;
    expect(["PUSH_MALFORMED", "PUSH_TOO_LARGE"]).toContain(error.code);
    expect(error.message).toMatch(/^[a-z-]+: [\x20-\x7e]{1,200}$/);
    return;
  }
  for (const push of pushes) expectSafe(push);
  expect(JSON.parse(JSON.stringify(toParseOutput(pushes)))).toEqual(pushes);
};

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(
    null,
    "",
    "../../v2/_catalog",
    "a\r\nset-cookie: x",
    "sha256:00",
    -1,
    [],
    {},
    "x".repeat(5000),
  ),
  fc.constantFrom<Json>(
    { __proto__: null, toString: 1 },
    ["constructor"],
    "[::1]/x",
    "\u0000",
    "%2e%2e/%2e%2e",
  ),
);

const pathsOf = (
  value: Json,
  at: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] => {
  if (typeof value !== "object" || value === null) return [at];
  const entries: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? value.map((item: Json, index) => [index, item] as const)
    : Object.entries(value);
  return [at, ...entries.flatMap(([key, item]) => pathsOf(item, [...at, key]))];
};

const replaceAt = (value: Json, [key, ...rest]: readonly (string | number)[], by: Json | undefined): Json => {
  if (key === undefined) return by ?? null;
  if (Array.isArray(value)) {
    return value.flatMap((item: Json, index) => {
      if (index !== key) return [item];
      return rest.length === 0 && by === undefined ? [] : [replaceAt(item, rest, by)];
    });
  }
  const entries = Object.entries(value as Record<string, Json>).flatMap(([name, item]): [string, Json][] => {
    if (name !== key) return [[name, item]];
    return rest.length === 0 && by === undefined ? [] : [[name, replaceAt(item, rest, by)]];
  });
  return Object.fromEntries(entries);
};

describe.each(SOURCES_AND_FIXTURES)("$name", ({ name, fixtures }) => {
  const bodies = fixtures.map(({ file, headers }) => ({
    bytes: readBody(file),
    json: JSON.parse(new TextDecoder().decode(readBody(file))) as Json,
    headers: headers ?? {},
  }));
  const body = fc.constantFrom(...bodies);

  test("any bytes and headers", () => {
    const headers = fc.dictionary(
      fc.constantFrom("ce-type", "ce-id", "content-type", "x-github-event", "host"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), headers, (bytes, values) => {
        expectParsedOrRefused(name, requestOf(bytes, values));
      }),
      { numRuns: 200 },
    );
  });

  test("any JSON", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expectParsedOrRefused(name, requestOf(text, { "ce-type": "zotregistry.image.updated" }));
      }),
      { numRuns: 200 },
    );
  });

  test("a real body with one or two values replaced or removed", () => {
    const change = fc.tuple(fc.nat(), fc.option(hostile, { nil: undefined }));
    fc.assert(
      fc.property(body, fc.array(change, { minLength: 1, maxLength: 2 }), ({ json, headers }, changes) => {
        const changed = changes.reduce<Json>((value, [at, by]) => {
          const paths = pathsOf(value);
          return replaceAt(value, paths[at % paths.length] ?? [], by);
        }, json);
        expectParsedOrRefused(name, requestOf(JSON.stringify(changed), headers));
      }),
      { numRuns: 500 },
    );
  });

  test("a real body with bytes cut off or changed", () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.nat(255), fc.boolean(), ({ bytes, headers }, at, byte, cut) => {
        const where = at % Math.max(bytes.length, 1);
        const changed = cut
          ? bytes.slice(0, where)
          : Uint8Array.from(bytes, (old, index) => (index === where ? byte : old));
        expectParsedOrRefused(name, requestOf(changed, headers));
      }),
      { numRuns: 200 },
    );
  });

  test("no proof, no pushes: whatever the headers", async () => {
    const header = fc.constantFrom(
      "authorization",
      "x-hub-signature-256",
      "x-signature",
      "x-jfrog-event-auth",
      "x-nexus-webhook-signature",
    );
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^(sha256=)?[0-9a-f]{64}$/),
    );
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.dictionary(header, value),
        fc.webPath(),
        async ({ bytes, headers }, proof, path) => {
          const request = requestOf(bytes, { ...headers, ...proof }, { path, query: "secret=guess" });
          const received = await receivePushes(
            sourceNamed(name),
            request,
            optionsWith({}, "a secret nobody guesses"),
          );
          expect(received.kind).toBe("refused");
        },
      ),
      { numRuns: 100 },
    );
  });
});
