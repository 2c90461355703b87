import patterns from "./patterns.json" with { type: "json" };
import type { Random } from "./random.ts";

/** Patterns with the templates that go with them; Go refuses some. */
const PATTERNS = patterns as unknown as readonly (readonly [pattern: string, templates: readonly string[]])[];

// Put together at random, half of these are no patterns: both sides must say so alike.
const PIECES = [
  ...[
    "1",
    "2",
    ".",
    "\\.",
    "-",
    "a",
    "x",
    "rc",
    "v",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "[0-9]",
    "[^0-9]",
    "[a-c]",
  ],
  ...[
    "(",
    "(?:",
    ")",
    ")",
    "|",
    "*",
    "+",
    "?",
    "*?",
    "+?",
    "??",
    "{1,2}",
    "{2}",
    "{,2}",
    "{1,}",
    "^",
    "$",
    "\\b",
    "\\B",
  ],
  ...[
    "(?i)",
    "(?i:",
    "(?P<a>",
    "(?<b>",
    "\\pL",
    "\\PN",
    "[[:alpha:]]",
    "[[:^digit:]]",
    "\\Q.\\E",
    "[]a]",
    "[^]a]",
    "\\A",
  ],
  ...[
    "(?s-i:",
    "(?m)",
    "(?U)",
    "\\x{31}",
    "\\061",
    "[\\d-]",
    "[1-",
    "(?P<a",
    "\\p{Nd}",
    "\\p{Nope}",
    "\\z",
    "(?-",
    "(?)",
  ],
];

export const toPattern = (random: Random): { readonly pattern: string; readonly template: string } => {
  const [pattern, templates] = random.pick(PATTERNS);
  const template = random.pick(templates);
  if (random.chance(0.6)) return { pattern, template };
  return { pattern: random.times(1 + random.below(9), () => random.pick(PIECES)).join(""), template };
};

const FLOATS = [
  ...["0", "1", "-1", "+1", "1.", ".5", ".", "", "1e5", "1E5", "1e+5", "1e-5", "1e", "1e+", "e5", "0x1p0"],
  ...[
    "0x1p-2",
    "0X1P2",
    "0x.8p1",
    "0x8.p1",
    "0x1",
    "0x",
    "0xp1",
    "0x1.8p",
    "0x1p1.5",
    "-0x1p3",
    "0x1.fffffffffffff8p0",
  ],
  ...["0x1.fffffffffffff7p0", "0x1p1023", "0x1p1024", "0x1.fffffffffffff8p1023", "0x1p-1074", "0x1p-1075"],
  ...[
    "0x1.8p-1075",
    "0x1p-2000",
    "0x0p99999",
    "0x1p99999",
    "0x1p-99999",
    "0x1_0p0",
    "0x_1p0",
    "0x1_p0",
    "0x1p_1",
  ],
  ...[
    "1_000",
    "_1",
    "1_",
    "1__0",
    "1_.5",
    "1._5",
    "1.5_0",
    "1e1_0",
    "1e_10",
    "1_e5",
    "+_1",
    "0b1",
    "0o7",
    "0_1",
  ],
  ...[
    "inf",
    "Inf",
    "+inf",
    "-INF",
    "infinity",
    "Infinity",
    "infinit",
    "nan",
    "NaN",
    "NAN",
    "+nan",
    "-nan",
    "nan1",
  ],
  ...[
    "1e308",
    "1e309",
    "-1e309",
    "1e-400",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "5e-324",
    "2e-324",
  ],
  ...[
    "9007199254740993",
    "0.1",
    "0.30000000000000004",
    "123456789012345678901234567890",
    "1e99999999",
    "1e-99999999",
  ],
  ...["0e99999999", "1 ", " 1", "1\n", "0x1P+1", "0x1p+-1", "٣", "1,5", "1f", "0x1.0000000000000100001p0"],
];

export const toFloatText = (random: Random): string => {
  if (random.chance(0.5)) return random.pick(FLOATS);
  const digits = "0123456789";
  const alphabet = random.chance(0.5)
    ? digits
    : random.pick(["0123456789_.", "0123456789.eE+-", "0123456789abcdefxXpP._+-"]);
  return random.times(1 + random.below(24), () => alphabet[random.below(alphabet.length)]).join("");
};
