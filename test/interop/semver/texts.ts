import type { Random } from "./random.ts";

const SMALL_NUMBERS = ["0", "1", "2", "3", "4", "10", "11"];
const ODD_NUMBERS = [
  "00",
  "01",
  "007",
  "20240101",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "18446744073709551615",
  "18446744073709551616",
  "99999999999999999999999",
  "000000000000000000000001",
  "",
  "x",
];
const IDENTIFIERS = [
  "alpha",
  "beta",
  "rc",
  "0",
  "1",
  "2",
  "10",
  "rc1",
  "x",
  "-",
  "a-b",
  "01a",
  "A",
  "18446744073709551616",
  "18446744073709551615",
  "99",
];
const ODD_IDENTIFIERS = ["01", "", "_", "é", "a b", "+"];

const number = (random: Random): string =>
  random.chance(0.04) ? random.pick(ODD_NUMBERS) : random.pick(SMALL_NUMBERS);

const identifiers = (random: Random): string =>
  random
    .times(1 + random.below(3), () => random.pick(random.chance(0.04) ? ODD_IDENTIFIERS : IDENTIFIERS))
    .join(".");

/** Mostly a version, of one to four numbers; sometimes something near one. */
export const toVersionText = (random: Random, plus = "+"): string => {
  const count = random.chance(0.85) ? 3 : 1 + random.below(4);
  let text = random.times(count, () => number(random)).join(".");
  if (random.chance(0.15)) text = `v${text}`;
  if (random.chance(0.01)) text = `V${text}`;
  if (random.chance(0.35)) text += `-${identifiers(random)}`;
  if (random.chance(0.12)) text += `${plus}${identifiers(random)}`;
  if (random.chance(0.01)) text += random.pick([" ", "\n", ".", "-", "+", "x"]);
  if (random.chance(0.01)) text = random.pick([" ", "\t", "=", "."]) + text;
  return text;
};

const ODD_TAGS = [
  "latest",
  "main",
  "stable",
  "sha256-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "sha256-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.sig",
  "1.2.3.sig",
  "v1",
  "1.2",
  "2024.01.02",
  "v2025.02.03-rc.1",
  "1.2.3-4-gabc",
  "1.2-rc.1",
  "1-a.b.c",
  "1-a.b",
];

/** What lies in registries: versions with Helm's `_`, and other tags. */
export const toTag = (random: Random): string =>
  random.chance(0.12) ? random.pick(ODD_TAGS) : toVersionText(random, random.chance(0.8) ? "_" : "+");

const PARTS = ["0", "1", "2", "3", "10", "x", "X", "*", "", "01"];
const OPERATORS = ["", "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "^", "~", ">="];
const ODD_OPERATORS = ["==", "> =", "<>", "!", "=>=", "~^"];
const BLANKS = ["", "", "", " ", "  ", "\t"];

const toOperand = (random: Random): string => {
  if (random.chance(0.45)) return toVersionText(random);
  const count = 1 + random.below(3);
  let text = random.times(count, () => random.pick(PARTS)).join(".");
  if (random.chance(0.1)) text = `v${text}`;
  if (random.chance(0.15)) text += `-${identifiers(random)}`;
  if (random.chance(0.05)) text += `+${identifiers(random)}`;
  if (random.chance(0.02)) text += random.pick(["|1", "|", "x"]);
  return text;
};

const toComparison = (random: Random): string => {
  if (random.chance(0.08))
    return `${toOperand(random)} ${random.chance(0.1) ? " " : ""}- ${toOperand(random)}`;
  const operator = random.pick(random.chance(0.02) ? ODD_OPERATORS : OPERATORS);
  return `${random.pick(BLANKS)}${operator}${random.pick(BLANKS)}${toOperand(random)}`;
};

const SEPARATORS = [" ", ", ", ",", " , ", "  ", "\t"];

/** A constraint: up to three alternatives of up to three comparisons; some are none that Go accepts. */
export const toConstraint = (random: Random): string => {
  if (random.chance(0.02)) return random.pick(["", " ", "*", "x", ">", "||", "* || ", "1||2 - 3", "1.2.3.4"]);
  const alternatives = random.times(1 + random.below(random.chance(0.25) ? 3 : 1), () =>
    random
      .times(1 + random.below(random.chance(0.4) ? 3 : 1), () => toComparison(random))
      .join(random.pick(SEPARATORS)),
  );
  const text = alternatives.join(random.pick(["||", " || ", " ||"]));
  return random.chance(0.01) ? text + random.pick([",", " ,", " ", "|", "\u00a0", "\v"]) : text;
};
