import type { Digest } from "../../shared/artifact/digest.ts";
import type { DeliveryBody } from "../../shared/delivery/body.ts";
import type { Outcome, OutcomeCode } from "../../shared/delivery/outcomes.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";

/** One change as a receiver got it, whatever the sender learned of it. */
export interface Arrival {
  readonly atMs: number;
  readonly receiver: string;
  readonly deliveryId: string;
  readonly object: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest;
  readonly decisionId: string;
  readonly accepted: boolean;
}

const REFUSALS: readonly (readonly [OutcomeCode, number])[] = [
  ["failed-in-cluster", 500],
  ["unavailable", 503],
  ["not-found", 404],
  ["bad-request", 400],
  ["throttled", 429],
];

export interface SimulatedReceivers {
  readonly arrivals: readonly Arrival[];
  send(process: Process, receiver: string, body: DeliveryBody): Promise<Outcome>;
  /** Chance that a request goes wrong. */
  failure: number;
}

/** Receivers that hang, flap, answer every status, or accept and lose the answer. */
export const createReceivers = (scheduler: Scheduler, random: Seeded): SimulatedReceivers => {
  const arrivals: Arrival[] = [];
  const arrive = (receiver: string, body: DeliveryBody, accepted: boolean): void => {
    for (const { object, repository, tag, digest, decisionId } of body.changes) {
      arrivals.push({
        atMs: scheduler.nowMs(),
        receiver,
        deliveryId: body.id,
        object: `${object.kind}/${object.namespace}/${object.name}`,
        repository: `${repository.registry}/${repository.repository}`,
        tag,
        digest,
        decisionId,
        accepted,
      });
    }
  };
  const receivers: SimulatedReceivers & { failure: number } = {
    arrivals,
    failure: 0,
    async send(process, receiver, body) {
      const startedAtMs = scheduler.nowMs();
      const end = (code: OutcomeCode, status?: number): Outcome => ({
        code,
        durationMs: scheduler.nowMs() - startedAtMs,
        requests: 1,
        usedPreviousToken: false,
        unexpectedBody: false,
        ...(status === undefined ? {} : { status }),
      });
      await scheduler.sleep(process, random.between(1, 40));
      if (random.chance(receivers.failure)) {
        const [code, status] = random.pick(REFUSALS);
        // A 500 may have annotated some objects already.
        arrive(receiver, body, code === "failed-in-cluster" && random.chance(0.5));
        return end(code, status);
      }
      if (random.chance(receivers.failure)) {
        const heard = random.chance(0.5);
        if (heard) arrive(receiver, body, true);
        await scheduler.sleep(process, 60_000);
        return end("timed-out");
      }
      arrive(receiver, body, true);
      await scheduler.sleep(process, random.between(1, 40));
      return random.chance(receivers.failure) ? end("connection-lost") : end("accepted", 200);
    },
  };
  return receivers;
};
