import { refuse } from "./refusal.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Whether the bits that padding leaves over are zero; else four spellings mean the same byte. */
const hasCleanEnd = (text: string, padding: number): boolean => {
  const last = ALPHABET.indexOf(text.charAt(text.length - padding - 1));
  return padding === 0 || (last & (padding === 1 ? 0b11 : 0b1111)) === 0;
};

/**
 * Decodes standard base64 in its one canonical spelling. Other spellings of the same bytes (white space,
 * missing padding, stray low bits, the URL alphabet) would let two different texts pass for one signature.
 * The decoder skips what is not in its alphabet, so a text with anything else in it decodes too short.
 */
export const decodeBase64 = (text: string): Buffer => {
  const bytes = Buffer.from(text, "base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const expected = (text.length / 4) * 3 - padding;
  if (bytes.length !== expected || text.includes("-") || text.includes("_") || !hasCleanEnd(text, padding)) {
    refuse("evidence-malformed", "base64 is not canonical");
  }
  return bytes;
};

const HEX = /^(?:[0-9a-f]{2})*$/;

/** Lower-case hex only: the spelling that logs and statements use. */
export const decodeHex = (text: string): Buffer => {
  if (!HEX.test(text)) refuse("evidence-malformed", "not lower-case hex");
  return Buffer.from(text, "hex");
};
