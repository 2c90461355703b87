import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import { toConfirmation } from "../../../shared/delivery/flux-confirmation.ts";
import { MAX_EVENT_BYTES, parseFluxEvent } from "../../../shared/delivery/flux-events.ts";
import { parseFluxRevision } from "../../../shared/delivery/flux-revision.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 14, 5, 30);
const DIGEST = `sha256:${"a".repeat(64)}` as const;
const OTHER = `sha256:${"b".repeat(64)}` as const;
const TOKEN = "event-t0ken\n";

const OBJECT = {
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  namespace: "apps",
  name: "podinfo",
};

const event = (extra: Record<string, unknown> = {}) => ({
  involvedObject: { ...OBJECT, uid: "u-1", resourceVersion: "7" },
  severity: "info",
  timestamp: "2026-11-22T14:05:00Z",
  message: "stored artifact",
  reason: "NewArtifact",
  metadata: { revision: `1.4.2@${DIGEST}`, cluster: "whatever the Alert says" },
  reportingController: "source-controller",
  reportingInstance: "source-controller-0",
  ...extra,
});

const sign = (body: Uint8Array | string, token = TOKEN): string =>
  `sha256=${createHmac("sha256", token).update(body).digest("hex")}`;

const context = { cluster: "prod", secrets: [new Secret("older"), new Secret(TOKEN)], nowMs: NOW_MS };

const parse = (body: Uint8Array | string, signature: string | undefined = sign(body), extra = {}) =>
  parseFluxEvent(
    { headers: { "x-signature": signature }, body: Buffer.from(body) },
    { ...context, ...extra },
  );

const parseJson = (value: unknown, extra = {}) => parse(JSON.stringify(value), undefined, extra);

describe("an authentic event", () => {
  test("says which object has which revision", () => {
    expect(parseJson(event())).toEqual({
      key: expect.stringMatching(/^[0-9a-f]{64}$/),
      cluster: "prod",
      object: OBJECT,
      severity: "info",
      reason: "NewArtifact",
      message: "stored artifact",
      timeMs: Date.UTC(2026, 10, 22, 14, 5, 0),
      revision: { text: `1.4.2@${DIGEST}`, tag: "1.4.2", digest: DIGEST },
    });
  });

  test("has the same key when it comes again, and another one from another cluster or second", () => {
    const first = parseJson(event());
    expect(parseJson(event()).key).toBe(first.key);
    expect(parseJson(event(), { cluster: "staging" }).key).not.toBe(first.key);
    expect(parseJson(event({ timestamp: "2026-11-22T14:05:01Z" })).key).not.toBe(first.key);
  });

  test("may come without metadata, or with what we do not know", () => {
    expect(parseJson(event({ metadata: null })).revision).toBeUndefined();
    expect(
      parseJson(event({ metadata: { revision: 7, deep: { er: [1] } }, more: true })).revision,
    ).toBeUndefined();
    expect(JSON.stringify(parse(JSON.stringify(event()).replace('"cluster"', '"__proto__"')))).not.toContain(
      "Alert",
    );
  });

  test("of a HelmRelease has the digest beside the version", () => {
    const metadata = { revision: "6.5.0+1a2b3c", "oci-digest": DIGEST, "app-version": "6.5.0" };
    expect(parseJson(event({ metadata })).revision).toMatchObject({ tag: "6.5.0+1a2b3c", digest: DIGEST });
  });

  test("of an older notification-controller has keys with a prefix", () => {
    const metadata = { "source.toolkit.fluxcd.io/revision": `1.4.2@${DIGEST}` };
    expect(parseJson(event({ metadata })).revision?.digest).toBe(DIGEST);
  });
});

describe("authenticity", () => {
  const body = JSON.stringify(event());
  const good = sign(body);

  test.each([
    { of: "no signature", signature: undefined },
    { of: "an empty one", signature: "" },
    { of: "one without algorithm", signature: good.slice(7) },
    { of: "another algorithm", signature: `sha1=${createHmac("sha1", TOKEN).update(body).digest("hex")}` },
    { of: "upper case", signature: good.toUpperCase() },
    { of: "a digit less", signature: good.slice(0, -1) },
    { of: "two in one header", signature: `${good}, ${good}` },
    { of: "another key", signature: sign(body, "other") },
    { of: "the key without its newline", signature: sign(body, TOKEN.trim()) },
    { of: "another body", signature: sign(`${body} `) },
  ])("$of is refused", ({ signature }) => {
    const headers = signature === undefined ? {} : { "x-signature": signature };
    expect(() => parseFluxEvent({ headers, body: Buffer.from(body) }, context)).toThrow(
      expect.objectContaining({ code: "PUSH_UNAUTHENTIC" }),
    );
  });

  test("is asked for before the body is looked at", () => {
    expect(() => parse("{", "sha256=00")).toThrow(expect.objectContaining({ code: "PUSH_UNAUTHENTIC" }));
  });

  test("cannot be had without a secret, nor by an empty one", () => {
    expect(() => parse(body, good, { secrets: [] })).toThrow(
      expect.objectContaining({ code: "PUSH_UNAUTHENTIC" }),
    );
    expect(() => parse(body, sign(body, ""), { secrets: [new Secret("")] })).toThrow(
      expect.objectContaining({ code: "PUSH_UNAUTHENTIC" }),
    );
  });

  test.each([
    { timestamp: "2026-11-22T13:55:30Z", taken: true },
    { timestamp: "2026-11-22T13:55:29Z", taken: false },
    { timestamp: "2026-11-22T14:07:30Z", taken: true },
    { timestamp: "2026-11-22T14:07:31Z", taken: false },
  ])("an event of $timestamp is taken at 14:05:30: $taken", ({ timestamp, taken }) => {
    const read = () => parseJson(event({ timestamp }));
    if (taken) expect(read().cluster).toBe("prod");
    else expect(read).toThrow(expect.objectContaining({ code: "PUSH_UNAUTHENTIC" }));
  });
});

describe("a signed body that is no event", () => {
  test.each([
    { of: "not JSON", body: "{" },
    { of: "empty", body: "" },
    { of: "not UTF-8", body: Uint8Array.of(0x22, 0xff, 0x22) },
    { of: "a list", body: "[]" },
    { of: "null", body: "null" },
    { of: "deeply nested", body: "[".repeat(200_000) },
    { of: "without object", body: JSON.stringify({ ...event(), involvedObject: undefined }) },
    {
      of: "of an object without name",
      body: JSON.stringify(event({ involvedObject: { ...OBJECT, name: "" } })),
    },
    { of: "of another severity", body: JSON.stringify(event({ severity: "fatal" })) },
    { of: "of no time", body: JSON.stringify(event({ timestamp: "now" })) },
    { of: "with metadata that is text", body: JSON.stringify(event({ metadata: "a" })) },
  ])("$of is malformed", ({ body }) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code: "PUSH_MALFORMED" }));
  });

  test("or that is too large", () => {
    expect(() => parse("x".repeat(MAX_EVENT_BYTES + 1))).toThrow(
      expect.objectContaining({ code: "PUSH_TOO_LARGE" }),
    );
  });
});

describe("revisions", () => {
  test.each([
    { text: `latest@${DIGEST}`, tag: "latest", digest: DIGEST },
    { text: DIGEST, tag: undefined, digest: DIGEST },
    { text: "1.4.2", tag: "1.4.2", digest: undefined },
    { text: "main@sha1:abc", tag: "main", digest: undefined },
    { text: `@${DIGEST}`, tag: undefined, digest: DIGEST },
    { text: "1.4.2@sha256:short", tag: "1.4.2", digest: undefined },
    { text: "", tag: undefined, digest: undefined },
  ])("$text", ({ text, tag, digest }) => {
    const revision = parseFluxRevision(text);
    expect([revision?.tag, revision?.digest]).toEqual([tag, digest]);
  });

  test("an absurdly long one is none", () => {
    expect(parseFluxRevision("x".repeat(513))).toBeUndefined();
  });
});

describe("confirmation of a delivered version", () => {
  const confirmed = (
    extra: Record<string, unknown>,
    object = OBJECT,
    digest: typeof DIGEST | typeof OTHER = DIGEST,
  ) => toConfirmation(parseJson(event(extra)), object, { tag: "1.4.2", digest });

  test.each([
    { of: "the same digest", extra: {}, expected: "has" },
    { of: "recovery", extra: { reason: "Succeeded" }, expected: "has" },
    { of: "another digest", extra: { metadata: { revision: `1.4.2@${OTHER}` } }, expected: "unrelated" },
    { of: "the tag alone", extra: { metadata: { revision: "1.4.2" } }, expected: "unrelated" },
    { of: "a step on the way", extra: { reason: "DependencyNotReady" }, expected: "unrelated" },
    { of: "an error", extra: { severity: "error", reason: "VerificationError" }, expected: "failed" },
    { of: "an error about no version", extra: { severity: "error", metadata: {} }, expected: "failed" },
    {
      of: "an error about another version",
      extra: { severity: "error", metadata: { revision: `1@${OTHER}` } },
      expected: "unrelated",
    },
  ])("$of: $expected", ({ extra, expected }) => {
    expect(confirmed(extra)).toBe(expected);
  });

  test.each([
    { of: "another name", object: { ...OBJECT, name: "podinfo2" }, expected: "unrelated" },
    { of: "another namespace", object: { ...OBJECT, namespace: "other" }, expected: "unrelated" },
    { of: "another kind", object: { ...OBJECT, kind: "HelmChart" }, expected: "unrelated" },
    { of: "another group", object: { ...OBJECT, apiVersion: "example.com/v1" }, expected: "unrelated" },
    {
      of: "an older version of the API",
      object: { ...OBJECT, apiVersion: "source.toolkit.fluxcd.io/v1beta2" },
      expected: "has",
    },
  ])("$of: $expected", ({ object, expected }) => {
    expect(confirmed({}, object)).toBe(expected);
  });
});
