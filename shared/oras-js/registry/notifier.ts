import { randomUUID } from "node:crypto";

import { type Emit, toEvent } from "./event.ts";
import { sleep } from "./sleep.ts";

export interface NotificationEndpoint {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface NotificationOptions {
  readonly endpoints: readonly NotificationEndpoint[];
  /** Tries for each event; after the last one it is given up. Default 5. */
  readonly attempts?: number;
  /** Wait after the first failed try; doubles each time. Default 200. */
  readonly backoffMs?: number;
  readonly timeoutMs?: number;
  /** Told of each event that an end point never took. */
  readonly onUndelivered?: (url: string, reason: string) => void;
}

export interface Notifier {
  readonly emit: Emit;
  /** Settles when no event waits any more. */
  idle(): Promise<void>;
  close(): void;
}

const EVENTS = "application/vnd.docker.distribution.events.v2+json";
const MAX_WAITING = 10_000;

/** Sends events as CNCF Distribution does: one envelope each, in order for each end point, tried again on failure. */
export const createNotifier = (options: NotificationOptions, nowMs: () => number): Notifier => {
  const { endpoints, attempts = 5, backoffMs = 200, timeoutMs = 5_000, onUndelivered } = options;
  const instance = randomUUID();
  const stop = new AbortController();
  const tails = new Map<NotificationEndpoint, Promise<void>>();
  let waiting = 0;

  const post = async ({ url, headers }: NotificationEndpoint, body: string): Promise<string | undefined> => {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": EVENTS, "user-agent": "oras-js-registry", ...headers },
        body,
        redirect: "manual",
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      return response.status < 400 ? undefined : `HTTP ${response.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  const deliver = async (endpoint: NotificationEndpoint, body: string): Promise<void> => {
    let reason: string | undefined = "not tried";
    for (let attempt = 0; attempt < attempts && !stop.signal.aborted; attempt += 1) {
      if (attempt > 0) {
        await sleep(backoffMs * 2 ** (attempt - 1), stop.signal);
      }
      reason = await post(endpoint, body);
      if (reason === undefined) return;
    }
    onUndelivered?.(endpoint.url, reason ?? "");
  };

  return {
    emit: (happening) => {
      const id = randomUUID();
      const body = JSON.stringify({ events: [toEvent(happening, { id, instance, atMs: nowMs() })] });
      for (const endpoint of endpoints) {
        if (waiting >= MAX_WAITING) {
          onUndelivered?.(endpoint.url, "too many events wait");
          continue;
        }
        waiting += 1;
        const previous = tails.get(endpoint) ?? Promise.resolve();
        tails.set(
          endpoint,
          previous
            .then(() => deliver(endpoint, body))
            .finally(() => {
              waiting -= 1;
            }),
        );
      }
    },
    idle: async () => {
      while (waiting > 0) await Promise.all(tails.values());
    },
    close: () => stop.abort(),
  };
};
