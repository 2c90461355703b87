import * as v from "valibot";
import { PipelineError } from "../../../shared/errors.ts";
import { changeDocument } from "../../../shared/pipeline/documents.ts";
import { type PolicyStamp, refuseSuccessor } from "../../../shared/policy/catalog/succession.ts";
import type { StateStore } from "../../../shared/state.ts";

const stored = v.object({ version: v.string(), madeAtMs: v.number() });

export interface Advance {
  readonly state: StateStore;
  /** Of the document that remembers what is in use, over restarts and for all instances. */
  readonly key: string;
  readonly nowMs: number;
  /** Names what is taken into use, for messages. */
  readonly label: string;
}

/** Takes `next` into use. Throws `CATALOG_INVALID` when something newer was in use before. */
export const advanceStamp = async (
  next: PolicyStamp,
  { state, key, nowMs, label }: Advance,
): Promise<void> => {
  await changeDocument(state, key, (document) => {
    const known = v.safeParse(stored, document);
    const inUse = known.success ? known.output : undefined;
    const problem = refuseSuccessor(next, inUse, nowMs);
    if (problem !== undefined) throw new PipelineError(`${label}: ${problem}`, { code: "CATALOG_INVALID" });
    if (inUse !== undefined && next.madeAtMs <= inUse.madeAtMs && next.version === inUse.version) return;
    return { version: next.version, madeAtMs: Math.max(next.madeAtMs, inUse?.madeAtMs ?? 0) };
  });
};
