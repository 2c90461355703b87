import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context, SQSRecord } from "aws-lambda";
import { beforeEach, expect, test } from "vitest";
import { createQueueHandler, MAX_RECEIVES } from "../../../functions/aws/queue-handler.ts";
import { createSqsWorkQueue } from "../../../shared/adapters/aws/sqs/work-queue.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { startAwsDouble } from "./aws-double.ts";

const DEAD = "https://sqs.example/dead";
const double = await startAwsDouble(() => ({ body: {} }));
const queue = createSqsWorkQueue({
  client: new SQSClient({ ...double.settings(), md5: false }),
  queueUrl: "https://sqs.example/deliver",
  deadLetterUrl: DEAD,
  delayed: { add: async () => {} },
});

beforeEach(() => {
  double.requests.length = 0;
});

const body = encodeWork({ id: "work-1", work: { kind: "deliver", receiver: "r" } });

const toRecord = (receiveCount: number): SQSRecord =>
  ({
    messageId: "m1",
    receiptHandle: "receipt",
    body,
    attributes: { SentTimestamp: "1700000000000", ApproximateReceiveCount: String(receiveCount) },
  }) as SQSRecord;

/** Hands the message over for as long as it stays on the queue; says how often its work was tried. */
const handOver = async (maxAttempts: number, most: number): Promise<number> => {
  let tries = 0;
  const handler = createQueueHandler({
    queue,
    telemetry: { begin: () => {}, log: () => {} },
    open: async () => ({
      maxAttempts,
      run: async () => {
        tries += 1;
        throw new PipelineError("registry.example answers 503", { code: "REGISTRY_UNAVAILABLE" });
      },
    }),
  });
  const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 60_000 } as Context;
  for (let receives = 1; receives <= most; receives++) {
    const { batchItemFailures } = await handler({ Records: [toRecord(receives)] }, context);
    if (batchItemFailures.length === 0) return tries;
  }
  return tries;
};

test.each([
  { attempts: 20, tries: 20, means: "as sluice.yaml says" },
  {
    attempts: 100_000,
    tries: MAX_RECEIVES,
    means: "no later than the queue itself would, which gives no reason",
  },
])(
  "a message is given up after $tries tries where limits.attempts is $attempts: $means",
  async ({ attempts, tries }) => {
    expect(await handOver(attempts, MAX_RECEIVES + 1)).toBe(tries);
    const set = double.requests.filter(({ action }) => action === "AmazonSQS.SendMessage");
    expect(set.map(({ body: sent }) => sent)).toEqual([
      expect.objectContaining({
        QueueUrl: DEAD,
        MessageBody: body,
        MessageAttributes: {
          SluiceReason: expect.objectContaining({
            StringValue: `gave up after ${tries} tries: registry.example answers 503`,
          }),
        },
      }),
    ]);
    const again = double.requests.filter(({ action }) => action === "AmazonSQS.ChangeMessageVisibility");
    expect(again).toHaveLength(tries - 1);
  },
);
