import type { Secret } from "../../artifact/secret.ts";
import type { ClusterEvent } from "../../cluster-event.ts";
import { parseFluxEvent } from "../../delivery/flux-events.ts";
import { type ErrorCode, PipelineError } from "../../errors.ts";
import type { Clock, WorkQueue } from "../../ports.ts";
import type { Log } from "../deps.ts";
import { say } from "../intake/answer.ts";
import type { Route } from "../intake/routes.ts";

/** Where one cluster sends its own events. */
export interface ConfirmationEndpoint {
  readonly cluster: string;
  readonly path: string;
  /** Read anew for each event, so that a rotated one counts at once. */
  secrets(): Promise<readonly Secret[]>;
}

export interface ConfirmationDeps {
  readonly clock: Clock;
  readonly queue: WorkQueue;
  readonly log: Log;
}

/** Of a message, what is kept: queues have limits, and a person needs its beginning. */
const MAX_MESSAGE_LENGTH = 2_000;

/** notification-controller tries again after 5xx alone, so that what never gets better must not be one. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  PUSH_UNAUTHENTIC: 401,
  PUSH_MALFORMED: 400,
  PUSH_TOO_LARGE: 413,
};

const shorten = (event: ClusterEvent): ClusterEvent => ({
  ...event,
  message: event.message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed(),
});

/** Takes one cluster's events: authentic, fresh, and durable before the 2xx. Retries are the same message. */
export const createConfirmationRoute = (
  { clock, queue, log }: ConfirmationDeps,
  { cluster, path, secrets }: ConfirmationEndpoint,
): Route => ({
  path,
  method: "POST",
  async answer(request) {
    const receivedAtMs = clock.nowMs();
    const keys = await secrets();
    try {
      const event = parseFluxEvent(request, { cluster, secrets: keys, nowMs: receivedAtMs });
      const work = { kind: "confirm", event: shorten(event), receivedAtMs } as const;
      await queue.send([{ id: `confirm/${event.key}`, work }]);
      const { kind, namespace, name } = event.object;
      log("event-accepted", { cluster, object: `${kind}/${namespace}/${name}`, reason: event.reason });
      return say(202, "taken");
    } catch (error) {
      const status = error instanceof PipelineError ? STATUS[error.code] : undefined;
      if (status === undefined) throw error;
      const reason = error instanceof PipelineError ? error.message : "";
      log("event-refused", { cluster, status, reason });
      return say(status, reason);
    }
  },
});
