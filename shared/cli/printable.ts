// C0 and C1 controls, bidirectional overrides and zero-width characters: what a tag, a subject or a message from
// outside could use to move the cursor, hide text or colour a refusal green.
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const toJsonEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON of a value, on one line and in characters that a terminal shows as they are; it means the same. */
export const toPrintableJson = (value: object): string =>
  JSON.stringify(value).replace(UNPRINTABLE, toJsonEscape);

const toEscape = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Text from outside as one line that a terminal shows as it is. */
export const printable = (text: string): string => text.toWellFormed().replace(UNPRINTABLE, toEscape);
