import { toEpochMs } from "../../civil-time.ts";
import { refuse } from "../refusal.ts";
import { contentOf, type Der, expectTag, TAG } from "./der.ts";

const malformed = (detail: string): never => refuse("evidence-malformed", detail);

/** An object identifier as the text of its DER content: enough to compare, and cheap. */
export type Oid = string;

const encodeArc = (arc: number): number[] => {
  const octets = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift((rest & 0x7f) | 0x80);
  return octets;
};

/** Writes a dotted identifier as an `Oid`, once, at load. */
export const oid = (dotted: string): Oid => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return Buffer.from([first * 40 + second, ...rest.flatMap(encodeArc)]).toString("latin1");
};

export const readOid = (element: Der | undefined): Oid => {
  const { bytes, contentStart, end } = expectTag(element, TAG.oid);
  if (end === contentStart) malformed("empty object identifier");
  return bytes.toString("latin1", contentStart, end);
};

export const readBoolean = (element: Der): boolean => {
  const content = contentOf(expectTag(element, TAG.boolean));
  if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) malformed("BOOLEAN is not DER");
  return content[0] === 0xff;
};

/** The content of an INTEGER in its minimal form. */
export const readInteger = (element: Der | undefined): Buffer => {
  const content = contentOf(expectTag(element, TAG.integer));
  const [first, second = 0] = content;
  if (first === undefined) malformed("INTEGER is empty");
  if (content.length > 1 && ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    malformed("INTEGER is not minimal");
  }
  return content;
};

/** A small non-negative INTEGER: versions, status codes, path lengths. */
export const readSmallInteger = (element: Der | undefined): number => {
  const content = readInteger(element);
  if (content.length > 3 || (content[0] ?? 0) >= 0x80) malformed("INTEGER is out of range");
  return content.readUIntBE(0, content.length);
};

/** A BIT STRING of whole octets, as keys and signatures are. */
export const readBitString = (element: Der | undefined): Buffer => {
  const content = contentOf(expectTag(element, TAG.bitString));
  if (content.length < 1 || content[0] !== 0) malformed("BIT STRING is not whole octets");
  return content.subarray(1);
};

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,8}[1-9]))?Z$/;

/** UTCTime or GeneralizedTime in DER's one form (seconds, `Z`, no trailing zeros), in milliseconds. */
export const readTime = (element: Der | undefined): number => {
  const text =
    element === undefined ? "" : element.bytes.toString("latin1", element.contentStart, element.end);
  const match =
    element?.tag === TAG.utcTime
      ? UTC_TIME.exec(text)
      : element?.tag === TAG.generalizedTime
        ? GENERALIZED_TIME.exec(text)
        : null;
  if (match === null || element === undefined) return malformed("time is not DER");
  const [, years, month, day, hour, minute, second, fraction = ""] = match;
  // RFC 5280 4.1.2.5.1: two-digit years from 50 are of the last century.
  const year =
    element.tag === TAG.utcTime ? Number(years) + (Number(years) >= 50 ? 1900 : 2000) : Number(years);
  const milliseconds = Number(`${fraction}000`.slice(0, 3));
  return (
    toEpochMs({
      year,
      month: Number(month),
      day: Number(day),
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      milliseconds,
    }) ?? malformed("time does not exist")
  );
};
