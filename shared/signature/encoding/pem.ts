import { refuse } from "../refusal.ts";
import { decodeBase64 } from "./base64.ts";

const BLOCK = /^-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n?-----END \1-----\s*$/;

/**
 * Decodes a text that is exactly one PEM block with the given label. A second block is refused: which of two
 * certificates was meant would be the reader's choice.
 */
export const decodePem = (text: string, label: string): Buffer => {
  const match = BLOCK.exec(text);
  if (match === null || match[1] !== label)
    return refuse("evidence-malformed", `not one PEM block of ${label}`);
  return decodeBase64((match[2] ?? "").replaceAll(/[\r\n]/g, ""));
};

/** The label of the first block, to tell a certificate from a key. */
export const labelOfPem = (text: string): string | undefined =>
  /^-----BEGIN ([A-Z0-9 ]{1,64})-----/.exec(text)?.[1];
