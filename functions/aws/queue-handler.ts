import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { Telemetry } from "../../shared/adapters/aws/powertools.ts";
import type { SqsMessage, SqsWorkQueue } from "../../shared/adapters/aws/sqs/work-queue.ts";
import type { Settleable } from "../../shared/pipeline/worker.ts";
import type { WorkSettler } from "../../shared/ports.ts";
import type { PushSource } from "../../shared/push/source.ts";
import type { WorkFunction } from "../wiring/functions.ts";
import type { HandedMessage } from "../wiring/read-message.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { workOffHanded } from "../wiring/work-off-handed.ts";

/** Left of a function's time to settle in, once its work is given up. */
const SETTLE_MS = 5_000;

/**
 * As `maxReceiveCount` in infra/aws/queues.yml, beyond which SQS moves a message to the dead letters by itself, without
 * a reason. Whoever settles one gives up no later than that.
 */
export const MAX_RECEIVES = 400;

interface SqsHanded extends HandedMessage, Settleable, SqsMessage {}

const toHanded = ({ messageId, body, receiptHandle, attributes }: SQSRecord): SqsHanded => ({
  id: messageId,
  body,
  lease: receiptHandle,
  sentAtMs: Number(attributes.SentTimestamp),
  receiveCount: Number(attributes.ApproximateReceiveCount),
});

export interface QueueHandlerSettings {
  readonly queue: SqsWorkQueue;
  readonly telemetry: Telemetry;
  /** Gives the function that does the work; a failure leaves the whole batch to the queue. */
  readonly open: () => Promise<WorkFunction>;
  /** Reads events that a rule puts on the queue. */
  readonly source?: PushSource;
}

/** Lambda's handler for one queue: each message is settled on its own. */
export const createQueueHandler = ({ queue, telemetry, open, source }: QueueHandlerSettings) =>
  withReadableStacks(async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const { log } = telemetry;
    telemetry.begin(context.awsRequestId);
    const signal = AbortSignal.timeout(
      Math.max(1, Math.trunc(context.getRemainingTimeInMillis() - SETTLE_MS)),
    );
    const failed = new Set<string>();
    const settler: WorkSettler<SqsHanded> = {
      // Lambda deletes what is not reported, and so what was set aside.
      complete: async () => {},
      async retry(message, delayMs) {
        failed.add(message.id);
        await queue.delay(message, delayMs);
      },
      park: (message, reason) => queue.setAside(message, reason),
    };
    const settle = async ({ run, maxAttempts }: WorkFunction, message: SqsHanded): Promise<void> => {
      const deps = {
        settler,
        log,
        maxAttempts: Math.min(maxAttempts, MAX_RECEIVES),
        random: { fraction: Math.random },
        ...(source === undefined ? {} : { source }),
      };
      try {
        await workOffHanded({ ...deps, run: (work) => run(work, signal) }, message);
      } catch (error) {
        // It could not be settled: the queue shows it again when its lease ends.
        failed.add(message.id);
        log("worker-failed", { id: message.id, message: String(error) });
      }
    };
    const work = await open();
    await Promise.all(Records.map((record) => settle(work, toHanded(record))));
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  });
