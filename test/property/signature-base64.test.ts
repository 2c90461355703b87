import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64 } from "../../shared/signature/encoding/base64.ts";
import { refusalOf } from "../unit/signature/support.ts";

/** The definition: encoding the decoded bytes again gives the same text. */
const isCanonical = (text: string): boolean => Buffer.from(text, "base64").toString("base64") === text;

/** The last ones are letters of the alphabet to whoever looks at the low byte alone. */
const character = fc.constantFrom(..."ABQgwxyz0189+/=-_ \n\r\t!é\u0141\u2641\u013d".split(""));

test("base64 is taken exactly when it is canonical", () => {
  fc.assert(
    fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
      const text = characters.join("");
      expect(refusalOf(() => decodeBase64(text)) === "accepted").toBe(isCanonical(text));
    }),
    { numRuns: 20_000, seed: 7 },
  );
});

test("what was encoded decodes to itself, and one changed character never to the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(80), character, (bytes, at, other) => {
      const text = Buffer.from(bytes).toString("base64");
      expect(decodeBase64(text)).toEqual(Buffer.from(bytes));
      const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
      fc.pre(changed !== text);
      if (refusalOf(() => decodeBase64(changed)) === "accepted") {
        expect(decodeBase64(changed)).not.toEqual(Buffer.from(bytes));
      }
    }),
    { numRuns: 2000, seed: 8 },
  );
});
