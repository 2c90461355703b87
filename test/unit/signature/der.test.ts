import { describe, expect, test } from "vitest";
import {
  childrenOf,
  contentOf,
  encodeDer,
  readDer,
  sequenceOf,
  TAG,
} from "../../../shared/signature/encoding/der.ts";
import {
  oid,
  readBitString,
  readBoolean,
  readInteger,
  readOid,
  readSmallInteger,
  readTime,
} from "../../../shared/signature/encoding/der-values.ts";
import { refusalOf } from "./support.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
const outcome = (parse: () => unknown): string => (refusalOf(parse) === "accepted" ? "accepted" : "refused");

describe("DER elements", () => {
  test.each([
    ["30 00", "accepted", "empty sequence"],
    [`30 81 80 ${"00".repeat(128)}`, "accepted", "long form where it is needed"],
    [`30 82 01 00 ${"00".repeat(256)}`, "accepted", "two length octets"],
    ["", "refused", "nothing"],
    ["30", "refused", "no length"],
    ["30 01", "refused", "content missing"],
    ["30 00 00", "refused", "trailing data"],
    ["30 80 00 00", "refused", "indefinite length (BER)"],
    ["30 81 01 00", "refused", "long form of a short length"],
    [`30 82 00 80 ${"00".repeat(128)}`, "refused", "leading zero in the length"],
    ["30 84 ff ff ff ff", "refused", "length beyond the input"],
    ["30 85 00 00 00 00 01 00", "refused", "five length octets"],
    ["30 81", "refused", "length octets missing"],
    ["3f 81 00 00", "refused", "high tag number"],
  ])("%s is %s (%s)", (hex, expected) => {
    expect(outcome(() => readDer(bytes(hex)))).toBe(expected);
  });

  test("a child may not reach beyond its parent", () => {
    expect(outcome(() => childrenOf(readDer(bytes("30 03 04 02 00"))))).toBe("refused");
    expect(outcome(() => childrenOf(readDer(bytes("30 04 04 02 00 00"))))).toBe("accepted");
  });

  test("only constructed elements have children", () => {
    expect(outcome(() => childrenOf(readDer(bytes("04 02 05 00"))))).toBe("refused");
    expect(outcome(() => sequenceOf(readDer(bytes("31 00"))))).toBe("refused");
    expect(outcome(() => sequenceOf(undefined))).toBe("refused");
  });

  test("the number of children is bounded", () => {
    const many = encodeDer(TAG.sequence, ...Array.from({ length: 257 }, () => bytes("05 00")));
    expect(outcome(() => childrenOf(readDer(many)))).toBe("refused");
  });

  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])("encoding %i bytes reads back", (length) => {
    const encoded = encodeDer(TAG.octetString, Buffer.alloc(length, 7));
    expect(contentOf(readDer(encoded))).toHaveLength(length);
  });
});

describe("DER values", () => {
  test.each([
    ["01 01 00", false],
    ["01 01 ff", true],
    ["01 01 01", undefined],
    ["01 00", undefined],
    ["01 02 00 00", undefined],
  ])("BOOLEAN %s", (hex, expected) => {
    if (expected === undefined) expect(outcome(() => readBoolean(readDer(bytes(hex))))).toBe("refused");
    else expect(readBoolean(readDer(bytes(hex)))).toBe(expected);
  });

  test.each([
    ["02 01 00", "accepted"],
    ["02 01 80", "accepted"],
    ["02 02 00 80", "accepted"],
    ["02 00", "refused"],
    ["02 02 00 7f", "refused"],
    ["02 02 ff 80", "refused"],
    ["04 01 00", "refused"],
  ])("INTEGER %s is %s", (hex, expected) => {
    expect(outcome(() => readInteger(readDer(bytes(hex))))).toBe(expected);
  });

  test("small integers are not negative and not large", () => {
    expect(readSmallInteger(readDer(bytes("02 02 01 00")))).toBe(256);
    expect(outcome(() => readSmallInteger(readDer(bytes("02 01 ff"))))).toBe("refused");
    expect(outcome(() => readSmallInteger(readDer(bytes("02 04 01 00 00 00"))))).toBe("refused");
  });

  test("BIT STRINGs hold whole octets", () => {
    expect(readBitString(readDer(bytes("03 02 00 aa")))).toEqual(bytes("aa"));
    expect(outcome(() => readBitString(readDer(bytes("03 02 04 a0"))))).toBe("refused");
    expect(outcome(() => readBitString(readDer(bytes("03 00"))))).toBe("refused");
  });

  test("object identifiers compare by content", () => {
    expect(readOid(readDer(bytes("06 03 55 1d 11")))).toBe(oid("2.5.29.17"));
    expect(readOid(readDer(bytes("06 0a 2b 06 01 04 01 83 bf 30 01 08")))).toBe(oid("1.3.6.1.4.1.57264.1.8"));
    expect(outcome(() => readOid(readDer(bytes("06 00"))))).toBe("refused");
  });

  const time = (tag: number, text: string): Buffer => encodeDer(tag, Buffer.from(text));
  test.each([
    [TAG.utcTime, "260102030405Z", Date.UTC(2026, 0, 2, 3, 4, 5)],
    [TAG.utcTime, "500101000000Z", Date.UTC(1950, 0, 1)],
    [TAG.utcTime, "491231235959Z", Date.UTC(2049, 11, 31, 23, 59, 59)],
    [TAG.generalizedTime, "20260102030405Z", Date.UTC(2026, 0, 2, 3, 4, 5)],
    [TAG.generalizedTime, "20260102030405.25Z", Date.UTC(2026, 0, 2, 3, 4, 5, 250)],
    [TAG.generalizedTime, "20260102030405.50Z", undefined],
    [TAG.generalizedTime, "20260102030405.Z", undefined],
    [TAG.generalizedTime, "202601020304Z", undefined],
    [TAG.generalizedTime, "20260102030405+0000", undefined],
    [TAG.utcTime, "2601020304Z", undefined],
    [TAG.utcTime, "260230000000Z", undefined],
    [TAG.octetString, "260102030405Z", undefined],
  ])("time %i %s", (tag, text, expected) => {
    if (expected === undefined) expect(outcome(() => readTime(readDer(time(tag, text))))).toBe("refused");
    else expect(readTime(readDer(time(tag, text)))).toBe(expected);
  });
});
