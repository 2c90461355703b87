import { PipelineError } from "../../errors.ts";
import type { DecisionBus, DecisionEvent } from "../../state.ts";
import { type BatchLimits, toBatches } from "./batches.ts";

/** An event as one bus takes it. */
export interface OutgoingEvent<M> {
  readonly id: string;
  readonly message: M;
  /** Of what the bus counts. */
  readonly bytes: number;
}

export interface BusSettings<M> {
  /** How errors name it. */
  readonly name: string;
  /** Of one request; what is larger by itself, nobody can send. */
  readonly limits: BatchLimits;
  readonly toOutgoing: (event: DecisionEvent) => OutgoingEvent<M>;
  /** Sends one request; answers why some of them were turned away. Throws where the bus did not answer. */
  readonly send: (batch: readonly OutgoingEvent<M>[], signal: AbortSignal) => Promise<readonly string[]>;
  /** Of one `publish`; default: ten seconds. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 10_000;
/** More names would make no error clearer. */
const MAX_NAMED = 5;

const unavailable = (name: string, why: string): PipelineError =>
  new PipelineError(`${name}: ${why}`, { code: "BUS_UNAVAILABLE" });

/** A bus over requests of limited size: what it cannot take is named at the end, and holds nothing else back. */
export const createBatchingBus = <M>({
  name,
  limits,
  toOutgoing,
  send,
  timeoutMs = TIMEOUT_MS,
}: BusSettings<M>): DecisionBus => ({
  async publish(events) {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = events.map(toOutgoing);
    const fits = ({ bytes }: OutgoingEvent<M>): boolean => bytes <= limits.bytes;
    const left = outgoing
      .filter((event) => !fits(event))
      .map(({ id, bytes }) => `${id} has ${bytes} bytes of at most ${limits.bytes}`);
    for (const batch of toBatches(outgoing.filter(fits), ({ bytes }) => bytes, limits)) {
      try {
        left.push(...(await send(batch, signal)));
      } catch (cause) {
        // Without the cause: it may quote an answer, or the request with its token.
        const why = cause instanceof PipelineError ? cause.message : "no answer";
        throw unavailable(name, why);
      }
    }
    if (left.length === 0) return;
    const more = left.length > MAX_NAMED ? `, and ${left.length - MAX_NAMED} more` : "";
    throw unavailable(name, `not taken: ${left.slice(0, MAX_NAMED).join(", ")}${more}`);
  },
});
