/** Exact for every uint64 that Go can hold: a bigint only where a double would round. */
export type Segment = number | bigint;

export interface Version {
  readonly major: Segment;
  readonly minor: Segment;
  readonly patch: Segment;
  /** Empty for a release. Build metadata is checked and forgotten: it never orders. */
  readonly pre: string;
}

/** A version that is read into again and again, so that a pass over 100,000 tags allocates nothing. */
export interface VersionBuffer {
  major: Segment;
  minor: Segment;
  patch: Segment;
  pre: string;
  /** How many of the three numbers were written. */
  segments: number;
  /** Written without `v` and without leading zeros. */
  canonical: boolean;
  /** Where the reader stands. */
  at: number;
}

/** Masterminds' `MaxVersionLen`: bytes, but whatever is not ASCII is no version anyway. */
const MAX_VERSION_LENGTH = 256;
const MAX_UINT64 = 18_446_744_073_709_551_615n;
const MAX_EXACT_DIGITS = 15;

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const HYPHEN = 45;
const PLUS = 43;
const LOWER_V = 118;

export const createVersionBuffer = (): VersionBuffer => ({
  major: 0,
  minor: 0,
  patch: 0,
  pre: "",
  segments: 0,
  canonical: true,
  at: 0,
});

const readLongSegment = (digits: string): Segment | undefined => {
  const value = BigInt(digits);
  if (value > MAX_UINT64) return undefined;
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
};

/** Reads the digits at `buffer.at`; undefined when there are none or they do not fit a uint64. */
const readSegment = (text: string, buffer: VersionBuffer): Segment | undefined => {
  const start = buffer.at;
  let at = start;
  let value = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    value = value * 10 + (code - ZERO);
  }
  buffer.at = at;
  const length = at - start;
  if (length === 0) return undefined;
  if (length > 1 && text.charCodeAt(start) === ZERO) buffer.canonical = false;
  return length <= MAX_EXACT_DIGITS ? value : readLongSegment(text.slice(start, at));
};

const isIdentifierCode = (code: number): boolean =>
  (code >= ZERO && code <= NINE) ||
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  code === HYPHEN;

/** Steps over dot-separated identifiers; false for an empty one or, in a prerelease, `0` before digits only. */
const skipIdentifiers = (text: string, buffer: VersionBuffer, leadingZeros: boolean): boolean => {
  let at = buffer.at;
  for (;;) {
    const start = at;
    let numeric = true;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (!isIdentifierCode(code)) break;
      if (code > NINE || code < ZERO) numeric = false;
    }
    if (at === start) return false;
    if (!leadingZeros && numeric && at - start > 1 && text.charCodeAt(start) === ZERO) return false;
    if (text.charCodeAt(at) !== DOT) break;
    at++;
  }
  buffer.at = at;
  return true;
};

/**
 * Go's `semver.NewVersion` (Masterminds 3.5.0): an optional lower-case `v`, one to three numbers, leading zeros
 * allowed. False leaves the buffer in no particular state.
 */
export const readLooseVersion = (text: string, buffer: VersionBuffer): boolean => {
  if (text.length > MAX_VERSION_LENGTH) return false;
  const prefixed = text.charCodeAt(0) === LOWER_V;
  buffer.at = prefixed ? 1 : 0;
  buffer.canonical = !prefixed;
  const major = readSegment(text, buffer);
  if (major === undefined) return false;
  buffer.major = major;
  buffer.minor = 0;
  buffer.patch = 0;
  buffer.pre = "";
  buffer.segments = 1;
  if (text.charCodeAt(buffer.at) === DOT) {
    buffer.at++;
    const minor = readSegment(text, buffer);
    if (minor === undefined) return false;
    buffer.minor = minor;
    buffer.segments = 2;
    if (text.charCodeAt(buffer.at) === DOT) {
      buffer.at++;
      const patch = readSegment(text, buffer);
      if (patch === undefined) return false;
      buffer.patch = patch;
      buffer.segments = 3;
    }
  }
  return readSuffixes(text, buffer);
};

const readSuffixes = (text: string, buffer: VersionBuffer): boolean => {
  if (text.charCodeAt(buffer.at) === HYPHEN) {
    const start = ++buffer.at;
    if (!skipIdentifiers(text, buffer, false)) return false;
    buffer.pre = text.slice(start, buffer.at);
  }
  if (text.charCodeAt(buffer.at) === PLUS) {
    buffer.at++;
    if (!skipIdentifiers(text, buffer, true)) return false;
  }
  return buffer.at === text.length;
};

/**
 * fluxcd/pkg `version.ParseVersion`: three parts when split on dots, then loose. The dots may well be those of a
 * prerelease, so `1.2-rc.1` reads as 1.2.0-rc.1.
 */
export const readFluxVersion = (text: string, buffer: VersionBuffer): boolean =>
  readLooseVersion(text, buffer) &&
  (buffer.segments === 3 || text.indexOf(".", text.indexOf(".") + 1) > text.indexOf("."));

/** Masterminds' `StrictNewVersion`, by which Helm reads tags: three canonical numbers and no `v`. */
export const readStrictVersion = (text: string, buffer: VersionBuffer): boolean =>
  readLooseVersion(text, buffer) && buffer.segments === 3 && buffer.canonical;

const toParser =
  (read: (text: string, buffer: VersionBuffer) => boolean) =>
  (text: string): Version | undefined => {
    const buffer = createVersionBuffer();
    if (!read(text, buffer)) return undefined;
    const { major, minor, patch, pre } = buffer;
    return { major, minor, patch, pre };
  };

export const parseLooseVersion = toParser(readLooseVersion);
export const parseFluxVersion = toParser(readFluxVersion);
export const parseStrictVersion = toParser(readStrictVersion);
