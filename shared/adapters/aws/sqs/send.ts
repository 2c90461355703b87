import { setTimeout as wait } from "node:timers/promises";
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { PipelineError } from "../../../errors.ts";
import { toBatches } from "../../remote/batches.ts";

/** SQS's limit for one message and for one batch. */
const LIMITS = { entries: 10, bytes: 262_144 };
const MAX_ROUNDS = 4;
const FIRST_WAIT_MS = 50;

export interface Entry {
  readonly MessageBody: string;
  readonly DelaySeconds: number;
}

/** Runs one request; what keeps it from being answered becomes `QUEUE_UNAVAILABLE`. */
export const answered = async <T>(what: string, request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : "unknown error";
    throw new PipelineError(`SQS, ${what}: ${name}`, { code: "QUEUE_UNAVAILABLE", cause });
  }
};

/** What SQS says of a lease that ran out: the message is somebody else's by now, or gone. */
const LEASE_IS_OVER: ReadonlySet<string> = new Set([
  "MessageNotInflight",
  "ReceiptHandleIsInvalid",
  "InvalidParameterValue",
]);

/** As `answered`, for a message under a lease; nothing happens once that is over. */
export const whileLeased = async (what: string, request: Promise<unknown>): Promise<void> => {
  await answered(
    what,
    request.catch((cause: unknown) => {
      if (!(cause instanceof Error && LEASE_IS_OVER.has(cause.name))) throw cause;
    }),
  );
};

const sizeOf = ({ MessageBody }: Entry): number => {
  const bytes = Buffer.byteLength(MessageBody);
  if (bytes <= LIMITS.bytes) return bytes;
  const message = `a message of ${bytes} bytes; SQS takes ${LIMITS.bytes}`;
  throw new PipelineError(message, { code: "PUSH_TOO_LARGE" });
};

/** As many entries as one request may carry, in order. Throws `PUSH_TOO_LARGE` for one that no request may. */
export const toMessageBatches = (entries: readonly Entry[]): readonly (readonly Entry[])[] =>
  toBatches(entries, sizeOf, LIMITS);

/** Sends one batch; entries that SQS turned away are sent again a few times. */
const sendBatch = async (client: SQSClient, QueueUrl: string, batch: readonly Entry[]): Promise<void> => {
  let left = batch.map((entry, at) => ({ Id: String(at), ...entry }));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (round > 0) await wait(FIRST_WAIT_MS * 2 ** round);
    const { Failed = [] } = await answered(
      "a send",
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries: left })),
    );
    const failed = new Set(Failed.map(({ Id }) => Id));
    left = left.filter(({ Id }) => failed.has(Id));
    if (left.length === 0) return;
  }
  throw new PipelineError(`SQS, a send: ${left.length} of ${batch.length} messages were turned away`, {
    code: "QUEUE_UNAVAILABLE",
  });
};

/** Sends everything, in as few requests as SQS allows. Once it resolves, all of it is durable. */
export const sendAll = async (
  client: SQSClient,
  queueUrl: string,
  entries: readonly Entry[],
): Promise<void> => {
  await Promise.all(toMessageBatches(entries).map((batch) => sendBatch(client, queueUrl, batch)));
};
