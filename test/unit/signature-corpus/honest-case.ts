import type { Change, Format } from "./corpus-case.ts";

/** What real signers leave behind, in all its variety. All of it verifies. */
export interface HonestCase {
  readonly name: string;
  readonly formats: readonly Format[];
  readonly change: Change;
}
