import type { DeadLetters } from "../../shared/ports.ts";
import type { Cloud } from "./functions.ts";

/** What a deployment keeps, opened for a person's commands. */
export interface OperatedStage extends Omit<Cloud, "log"> {
  readonly deadLetters: DeadLetters;
  close(): Promise<void>;
}

/** Which stage, and what the person who asks has in their environment. */
export interface StageRequest {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
  readonly stage: string;
}

/** Opens a stage with the operator's own credentials. A cloud's `operator.ts` exports one as `openStage`. */
export type OpenStage = (request: StageRequest) => Promise<OperatedStage>;

/** Several queues' dead letters in one list. */
export const joinDeadLetters = (parts: readonly DeadLetters[]): DeadLetters => ({
  async list(limit) {
    const lists = await Promise.all(parts.map((part) => part.list(limit)));
    return lists
      .flat()
      .sort((one, other) => one.atMs - other.atMs)
      .slice(0, limit);
  },
  async replay(ids) {
    const counts = await Promise.all(parts.map((part) => part.replay(ids)));
    return counts.reduce((sum, count) => sum + count, 0);
  },
});
