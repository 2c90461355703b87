import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import { createHandedSettler, toHandedMessage } from "../../shared/adapters/azure/handed-message.ts";
import { openLazyQueue } from "../../shared/adapters/azure/lazy-queue.ts";
import { openTable } from "../../shared/adapters/azure/open-table.ts";
import {
  createTableDeadLetters,
  type TableDeadLetters,
} from "../../shared/adapters/azure/table-dead-letters.ts";
import { DEFAULT_ATTEMPTS } from "../../shared/pipeline/worker.ts";
import type { PushSource } from "../../shared/push/source.ts";
import type { WorkFunction } from "../wiring/functions.ts";
import { notReady } from "../wiring/not-ready.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { workOffHanded } from "../wiring/work-off-handed.ts";
import { TABLES } from "./names.ts";
import type { AzureRuntime } from "./runtime.ts";

/** Below the host's own limit on a function, which would leave nothing settled. */
const WORK_TIMEOUT_MS = 8 * 60_000;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const toMetadata = ({ triggerMetadata = {}, invocationId }: InvocationContext, nowMs: number) => {
  const insertedAtMs = Date.parse(textOf(triggerMetadata.insertionTime));
  return {
    id: textOf(triggerMetadata.id) || invocationId,
    dequeueCount: Number(triggerMetadata.dequeueCount) || 1,
    insertedAtMs: Number.isNaN(insertedAtMs) ? nowMs : insertedAtMs,
  };
};

/** The dead letters of one queue. */
export const openDeadLetters = (
  { settings, tokens, clock }: Pick<AzureRuntime, "settings" | "tokens" | "clock">,
  queue: string,
): TableDeadLetters =>
  createTableDeadLetters(
    openTable(settings.tableUri, TABLES.deadLetters, tokens),
    openLazyQueue(settings.queueUri, queue, tokens),
    clock,
  );

/** How often messages may be tried then is the default: sluice.yaml may be what cannot be read. */
const openOrWait = async (open: () => Promise<WorkFunction>): Promise<WorkFunction> => {
  try {
    return await open();
  } catch (cause) {
    return { maxAttempts: DEFAULT_ATTEMPTS, run: () => Promise.reject(notReady(cause)) };
  }
};

export interface WorkTrigger {
  readonly handle: StorageQueueHandler;
  /** For what the host gave up on. */
  readonly handlePoison: StorageQueueHandler;
}

/**
 * Handlers of one queue's triggers. `open` gives the function that does the work; `source` reads events that Event
 * Grid puts on the queue. A handler that throws leaves its message to the host: seen again, in the end poison.
 */
export const createWorkTrigger = (
  runtime: AzureRuntime,
  queue: string,
  open: () => Promise<WorkFunction>,
  source?: PushSource,
): WorkTrigger => {
  const { clock, log, settings, tokens } = runtime;
  const deadLetters = openDeadLetters(runtime, queue);
  const settler = createHandedSettler(openLazyQueue(settings.queueUri, queue, tokens), deadLetters);
  const random = { fraction: Math.random };
  return {
    handle: withReadableStacks(async (item: unknown, context: InvocationContext) => {
      const message = toHandedMessage(item, toMetadata(context, clock.nowMs()));
      const signal = AbortSignal.timeout(WORK_TIMEOUT_MS);
      const { maxAttempts, run } = await openOrWait(open);
      await workOffHanded(
        {
          settler,
          random,
          log,
          maxAttempts,
          run: (work) => run(work, signal),
          ...(source === undefined ? {} : { source }),
        },
        message,
      );
    }),
    handlePoison: withReadableStacks(async (item: unknown, context: InvocationContext) => {
      const message = toHandedMessage(item, toMetadata(context, clock.nowMs()));
      const reason = "the function failed on it each time that it was handed over; see its exceptions";
      log("work-parked", { id: message.id, work: "poison", reason });
      await deadLetters.add(message, reason);
    }),
  };
};
