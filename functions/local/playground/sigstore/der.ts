import { Buffer } from "node:buffer";

/*
 * A DER writer. Certificates and timestamps are written byte by byte, because the red-team corpus needs what a
 * well-behaved encoder refuses to produce: duplicate extensions, BER lengths, trailing bytes, wrong tags.
 */

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

/** Big-endian, without leading zeros; zero is one zero byte. */
export const toBigEndian = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
};

const encodeLength = (length: number): Uint8Array => {
  if (length < 0x80) return Uint8Array.of(length);
  const digits = toBigEndian(BigInt(length));
  return concat(Uint8Array.of(0x80 | digits.length), digits);
};

export const tlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = concat(...parts);
  return concat(Uint8Array.of(tag), encodeLength(content.length), content);
};

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...parts);

/** DER orders the members of a SET OF by their encodings. */
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array =>
  tlv(0x31, ...[...parts].sort(Buffer.compare));

/** Constructed context-specific tag `[number]`. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  tlv(0xa0 | number, ...parts);

/** Primitive context-specific tag `[number]`. */
export const contextPrimitive = (number: number, content: Uint8Array): Uint8Array =>
  tlv(0x80 | number, content);

export const integer = (value: bigint | Uint8Array): Uint8Array => {
  const bytes = typeof value === "bigint" ? toBigEndian(value) : value;
  const isNegativeLooking = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tlv(0x02, isNegativeLooking ? concat(Uint8Array.of(0), bytes) : bytes);
};

export const boolean = (value: boolean): Uint8Array => Uint8Array.of(0x01, 0x01, value ? 0xff : 0x00);
export const nullValue = (): Uint8Array => Uint8Array.of(0x05, 0x00);
export const octetString = (content: Uint8Array): Uint8Array => tlv(0x04, content);
export const bitString = (content: Uint8Array, unusedBits = 0): Uint8Array =>
  tlv(0x03, Uint8Array.of(unusedBits), content);
export const utf8String = (text: string): Uint8Array => tlv(0x0c, Buffer.from(text, "utf8"));
export const printableString = (text: string): Uint8Array => tlv(0x13, Buffer.from(text, "latin1"));
export const ia5String = (text: string): Uint8Array => tlv(0x16, Buffer.from(text, "latin1"));

const toBase128 = (arc: number): readonly number[] => {
  const digits = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift((rest & 0x7f) | 0x80);
  }
  return digits;
};

export const oid = (dotted: string): Uint8Array => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tlv(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(toBase128)));
};

const toDigits = (timeMs: number): string => new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");

export const generalizedTime = (timeMs: number): Uint8Array =>
  tlv(0x18, Buffer.from(toDigits(timeMs).replace(/[-:T]/g, ""), "latin1"));

/** X.509 time: UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export const x509Time = (timeMs: number): Uint8Array => {
  if (new Date(timeMs).getUTCFullYear() >= 2050) return generalizedTime(timeMs);
  return tlv(0x17, Buffer.from(toDigits(timeMs).replace(/[-:T]/g, "").slice(2), "latin1"));
};
