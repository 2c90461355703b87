import { expect } from "vitest";

/** What was found, which must be something: of nothing, whatever is asked of each would hold. */
export const some = <T>(found: readonly T[], of: string): readonly T[] => {
  expect(found, of).not.toHaveLength(0);
  return found;
};
