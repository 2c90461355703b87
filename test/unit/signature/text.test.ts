import { describe, expect, test } from "vitest";
import { decodeBase64, decodeHex } from "../../../shared/signature/encoding/base64.ts";
import { parseJson } from "../../../shared/signature/encoding/json.ts";
import { toClosedObject, toCount } from "../../../shared/signature/encoding/json-fields.ts";
import { decodePem } from "../../../shared/signature/encoding/pem.ts";
import { parseTimeRange } from "../../../shared/signature/encoding/time-range.ts";
import { refusalOf } from "./support.ts";

const outcome = (parse: () => unknown): string => (refusalOf(parse) === "accepted" ? "accepted" : "refused");

describe("strict JSON", () => {
  test.each([
    ["empty objects", "{},", 499_999],
    ["empty arrays", "[],", 499_999],
    ["numbers", "0,", 999_999],
  ])("a million %s are too many", (_, piece, most) => {
    const parse = (count: number) => refusalOf(() => parseJson(`[${piece.repeat(count)}0]`));
    expect(parse(most)).toBe("accepted");
    expect(parse(most + 1)).toBe("evidence-too-large");
  });

  test("commas and brackets inside text announce nothing", () => {
    expect(refusalOf(() => parseJson(JSON.stringify("[{,".repeat(1_000_000))))).toBe("accepted");
  });

  test.each([
    ['{"a":1}', "accepted"],
    ['{"a":{"a":1},"b":[{"a":1},{"a":2}]}', "accepted"],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', "accepted"],
    ['{"a\\\\":1,"b":"\\\\"}', "accepted"],
    ['{"__proto__":1}', "accepted"],
    ['{"a":1,"a":2}', "refused"],
    ['{"b":{"a":1,"a":1}}', "refused"],
    ['{"a":1,"\\u0061":2}', "refused"],
    ['{"__proto__":1,"__proto__":2}', "refused"],
    ['[{"a":1,"b":{},"a":2}]', "refused"],
    ['{"a":1} ', "accepted"],
    ['{"a":1}{"a":1}', "refused"],
    ['{"a":1}x', "refused"],
    ["", "refused"],
    ['{"a":', "refused"],
    ['{"a', "refused"],
    ['{"a":NaN}', "refused"],
    ["\ufeff{}", "refused"],
    ["[".repeat(64) + "]".repeat(64), "accepted"],
    ["[".repeat(65) + "]".repeat(65), "refused"],
    ["[".repeat(1_000_000), "refused"],
  ])("%.40s is %s", (text, expected) => {
    expect(outcome(() => parseJson(Buffer.from(text)))).toBe(expected);
  });

  test("bytes that are not UTF-8 are refused", () => {
    expect(outcome(() => parseJson(Buffer.from([0x22, 0xff, 0x22])))).toBe("refused");
  });

  test("a closed object refuses names it does not know", () => {
    const allowed = new Set(["a"]);
    expect(outcome(() => toClosedObject({ a: 1 }, "x", allowed))).toBe("accepted");
    expect(outcome(() => toClosedObject({ a: 1, b: 2 }, "x", allowed))).toBe("refused");
    expect(outcome(() => toClosedObject([], "x", allowed))).toBe("refused");
    expect(outcome(() => toClosedObject(null, "x", allowed))).toBe("refused");
  });

  test.each([
    ["0", 0],
    ["9007199254740991", 9_007_199_254_740_991],
    [7, 7],
    ["9007199254740992", undefined],
    ["01", undefined],
    ["-1", undefined],
    ["1e3", undefined],
    ["", undefined],
    [-1, undefined],
    [1.5, undefined],
    [2 ** 53, undefined],
    [true, undefined],
  ])("count %j is %j", (value, expected) => {
    if (expected === undefined) expect(outcome(() => toCount(value, "x"))).toBe("refused");
    else expect(toCount(value, "x")).toBe(expected);
  });
});

describe("canonical encodings", () => {
  test.each([
    ["", "accepted"],
    ["AAA=", "accepted"],
    ["AAE=", "accepted"],
    ["AAF=", "refused"],
    ["AAA", "refused"],
    ["AAA= ", "refused"],
    ["AA A=", "refused"],
    ["AAA=\n", "refused"],
    ["A-_A", "refused"],
    ["!!!!", "refused"],
    ["AAA==", "refused"],
  ])("base64 %j is %s", (text, expected) => {
    expect(outcome(() => decodeBase64(text))).toBe(expected);
  });

  test.each([
    ["", "accepted"],
    ["00ff", "accepted"],
    ["00FF", "refused"],
    ["0", "refused"],
    ["0x00", "refused"],
    ["zz", "refused"],
  ])("hex %j is %s", (text, expected) => {
    expect(outcome(() => decodeHex(text))).toBe(expected);
  });

  const block = (label: string, body = "AAAA"): string =>
    `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
  test.each([
    [block("CERTIFICATE"), "accepted"],
    [block("CERTIFICATE", "AAAA\nAAAA"), "accepted"],
    [block("CERTIFICATE").replaceAll("\n", "\r\n"), "accepted"],
    [block("CERTIFICATE") + block("CERTIFICATE"), "refused"],
    [`x${block("CERTIFICATE")}`, "refused"],
    [`${block("CERTIFICATE")}x`, "refused"],
    [block("PUBLIC KEY"), "refused"],
    [block("CERTIFICATE", "AAA"), "refused"],
    [block("CERTIFICATE", "AA-A"), "refused"],
    ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END PUBLIC KEY-----\n", "refused"],
    ["", "refused"],
  ])("PEM %j is %s", (text, expected) => {
    expect(outcome(() => decodePem(text, "CERTIFICATE"))).toBe(expected);
  });
});

describe("times of a trusted root", () => {
  const read = (start: string): number => parseTimeRange({ start }, "key").startMs;

  test.each([
    "1970-01-01T00:00:00Z",
    "2024-02-29T23:59:59Z",
    "2000-02-29T00:00:00Z",
    "2022-12-31T23:59:59.999Z",
    "2022-12-31T23:59:59.057Z",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
  ])("%s is what the platform says", (text) => {
    expect(read(text)).toBe(Date.parse(text));
  });

  test.each([
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z",
    "2023-04-31T00:00:00Z",
    "2023-01-00T00:00:00Z",
    "2023-01-01T24:00:00Z",
    "2023-01-01T00:60:00Z",
    "2023-01-01T00:00:60Z",
    "2023-01-01T00:00:00+00:00",
    "2023-01-01T00:00:00z",
    "2023-01-01t00:00:00Z",
    "2023-01-01T00:00:00",
    "2023-01-01 00:00:00Z",
    "23-01-01T00:00:00Z",
    "",
  ])("%j is none", (text) => {
    expect(outcome(() => read(text))).toBe("refused");
  });
});
