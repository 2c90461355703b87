import type { Segment, Version } from "./version.ts";

const ZERO = 48;
const NINE = 57;
const MAX_UINT64_DIGITS = "18446744073709551615";

/** Past uint64 Go's ParseUint fails, and Masterminds then compares the digits as text. */
const isNumeric = (text: string, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  const length = end - start;
  if (length < MAX_UINT64_DIGITS.length) return true;
  return length === MAX_UINT64_DIGITS.length && text.slice(start, end) <= MAX_UINT64_DIGITS;
};

const compareText = (a: string, aStart: number, aEnd: number, b: string, bStart: number, bEnd: number) => {
  for (let i = aStart, j = bStart; i < aEnd && j < bEnd; i++, j++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(j);
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
};

const compareIdentifiers = (
  a: string,
  aStart: number,
  aEnd: number,
  b: string,
  bStart: number,
  bEnd: number,
): number => {
  const aNumeric = isNumeric(a, aStart, aEnd);
  const bNumeric = isNumeric(b, bStart, bEnd);
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  // Numbers carry no leading zeros, so the longer one is the greater.
  const longer = aNumeric ? aEnd - aStart - (bEnd - bStart) : 0;
  return longer !== 0 ? longer : compareText(a, aStart, aEnd, b, bStart, bEnd);
};

const identifierEnd = (text: string, start: number): number => {
  const dot = text.indexOf(".", start);
  return dot === -1 ? text.length : dot;
};

const comparePrereleases = (a: string, b: string): number => {
  if (a === b) return 0;
  for (let aStart = 0, bStart = 0; ; ) {
    const aEnd = identifierEnd(a, aStart);
    const bEnd = identifierEnd(b, bStart);
    const order = compareIdentifiers(a, aStart, aEnd, b, bStart, bEnd);
    if (order !== 0) return order;
    aStart = aEnd + 1;
    bStart = bEnd + 1;
    if (aStart > a.length) return bStart > b.length ? 0 : -1;
    if (bStart > b.length) return 1;
  }
};

const compareSegments = (a: Segment, b: Segment): number => (a < b ? -1 : a > b ? 1 : 0);

/** Negative, zero or positive, as Masterminds' `Compare`; build metadata does not count. */
export const compareVersions = (a: Version, b: Version): number => {
  if (a.major !== b.major) return compareSegments(a.major, b.major);
  if (a.minor !== b.minor) return compareSegments(a.minor, b.minor);
  if (a.patch !== b.patch) return compareSegments(a.patch, b.patch);
  if (a.pre === "") return b.pre === "" ? 0 : 1;
  return b.pre === "" ? -1 : comparePrereleases(a.pre, b.pre);
};
