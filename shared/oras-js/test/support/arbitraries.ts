import fc from "fast-check";
import { OrasError } from "../../index.ts";

/** Runs a parser on anything: a result or an OrasError, never another throw. */
export const attempt = <T>(parse: () => T): T | undefined => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof OrasError) return undefined;
    throw error;
  }
};

// Text that is mostly made of the pieces a grammar knows reaches further into a parser than noise does.
export const madeOf = (...pieces: readonly string[]) =>
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...pieces) },
        fc.string({ unit: "binary", maxLength: 3 }),
      ),
      {
        maxLength: 24,
      },
    )
    .map((parts) => parts.join(""));
