/** Why Go's `strconv.ParseFloat` would have returned an error. */
export type FloatProblem = "syntax" | "range";

const INFINITY = /^([+-]?)(?:inf|infinity)$/i;
const NAN = /^nan$/i;
const DECIMAL = /^[+-]?(?:[0-9_]+(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][+-]?[0-9][0-9_]*)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?[pP]([+-]?)([0-9][0-9_]*)$/;
// Go literals: an underscore stands between two digits, or between `0x` and a digit.
const MISPLACED = /(?<![0-9])_|_(?![0-9])/;
const MISPLACED_IN_HEX = /(?<![0-9a-fA-FxX])_|_(?![0-9a-fA-F])/;
/** Go stops adding digits to an exponent here; what is so large overflows or vanishes anyway. */
const MAX_EXPONENT = 99_999;
const MANTISSA_BITS = 53;
const MIN_EXPONENT = -1074;

/** Rounds `mantissa * 2^exponent` to the nearest double, ties to even, once. */
const toDouble = (mantissa: bigint, exponent: number): number => {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  const topExponent = exponent + bits;
  if (topExponent > 1025) return Number.POSITIVE_INFINITY;
  if (topExponent < MIN_EXPONENT - 1) return 0;
  const drop = Math.max(bits - MANTISSA_BITS, MIN_EXPONENT - exponent, 0);
  const shift = BigInt(drop);
  const half = drop === 0 ? 0n : 1n << (shift - 1n);
  const remainder = mantissa & ((1n << shift) - 1n);
  let kept = mantissa >> shift;
  if (remainder > half || (remainder === half && drop > 0 && (kept & 1n) === 1n)) kept += 1n;
  // `kept` fits a double exactly; two steps keep 2**n itself from overflowing or vanishing.
  const power = exponent + drop;
  const first = Math.trunc(power / 2);
  return Number(kept) * 2 ** first * 2 ** (power - first);
};

const parseHexFloat = (match: RegExpExecArray): number | FloatProblem => {
  const [, sign, whole = "", fraction = "", exponentSign, exponentDigits = ""] = match;
  const integerDigits = whole.replaceAll("_", "");
  const fractionDigits = fraction.replaceAll("_", "");
  const digits = integerDigits + fractionDigits;
  if (digits === "") return "syntax";
  const size = Math.min(Number(exponentDigits.replaceAll("_", "")), MAX_EXPONENT);
  const exponent = (exponentSign === "-" ? -size : size) - 4 * fractionDigits.length;
  const value = toDouble(BigInt(`0x${digits}`), exponent);
  if (!Number.isFinite(value)) return "range";
  return sign === "-" ? -value : value;
};

const parseDecimal = (text: string): number | FloatProblem => {
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value) ? value : "range";
};

/** Go's `strconv.ParseFloat(text, 64)`: hexadecimal floats, underscores, infinities and NaN included. */
export const parseGoFloat = (text: string): number | FloatProblem => {
  const infinity = INFINITY.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (NAN.test(text)) return Number.NaN;
  const hex = HEX.exec(text);
  if (hex === null && !DECIMAL.test(text)) return "syntax";
  if ((hex === null ? MISPLACED : MISPLACED_IN_HEX).test(text)) return "syntax";
  return hex === null ? parseDecimal(text) : parseHexFloat(hex);
};
