import { refuse } from "../refusal.ts";

/**
 * Decodes standard base64 in its one canonical spelling. Other spellings of the same bytes (white space, missing
 * padding, stray low bits, the URL alphabet, a character whose low byte is a letter's) would let two different
 * texts pass for one signature. Node's decoder takes them all; encoding again what it made of them tells.
 */
export const decodeBase64 = (text: string): Buffer => {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : refuse("evidence-malformed", "base64 is not canonical");
};

const HEX = /^(?:[0-9a-f]{2})*$/;

/** Lower-case hex only: the spelling that logs and statements use. */
export const decodeHex = (text: string): Buffer => {
  if (!HEX.test(text)) refuse("evidence-malformed", "not lower-case hex");
  return Buffer.from(text, "hex");
};
