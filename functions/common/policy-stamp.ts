import * as v from "valibot";
import { PipelineError } from "../../shared/errors.ts";
import { type PolicyStamp, refuseSuccessor } from "../../shared/policy/catalog/succession.ts";
import type { StateStore } from "../../shared/state.ts";

const MAX_CONFLICTS = 8;

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
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const document = await state.loadDocument(key);
    const known = v.safeParse(stored, document?.value);
    const inUse = known.success ? known.output : undefined;
    const problem = refuseSuccessor(next, inUse, nowMs);
    if (problem !== undefined) throw new PipelineError(`${label}: ${problem}`, { code: "CATALOG_INVALID" });
    if (inUse !== undefined && next.madeAtMs <= inUse.madeAtMs && next.version === inUse.version) return;
    const madeAtMs = Math.max(next.madeAtMs, inUse?.madeAtMs ?? 0);
    const value = { version: next.version, madeAtMs };
    if (await state.saveDocument(key, document?.version ?? 0, value)) return;
  }
  throw new PipelineError(`${key}: too many writers at once`, { code: "STATE_CONFLICT" });
};
