import type { SQSClient } from "@aws-sdk/client-sqs";
import { createDynamoStateStore } from "../../shared/adapters/aws/dynamodb/state-store.ts";
import { PipelineError } from "../../shared/errors.ts";
import { joinDeadLetters, type OpenStage } from "../wiring/operator.ts";
import { createAwsQueues, createAwsSecrets, createDynamoClient, createSqsClient } from "./clients.ts";
import { namesOf } from "./names.ts";
import { createEcr } from "./runtime.ts";
import type { QueueUrls } from "./settings.ts";

/** As far back as a person may look; records leave by the stage's own retention. */
const LOOK_BACK_MS = 400 * 24 * 3_600_000;

const findQueue = async (open: () => Promise<SQSClient>, QueueName: string): Promise<string> => {
  const { GetQueueUrlCommand } = await import("@aws-sdk/client-sqs");
  const client = await open();
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
    if (QueueUrl !== undefined) return QueueUrl;
    throw new Error("no address");
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : "an error";
    const message = `queue ${QueueName}: SQS answered ${name}; check --stage, AWS_REGION and whose credentials these are`;
    throw new PipelineError(message, { code: "QUEUE_UNAVAILABLE", cause });
  }
};

/** Opens a stage with the credentials, the region and the profile of the environment. */
export const openStage: OpenStage = async ({ env, nowMs, stage }) => {
  const names = namesOf(stage);
  const clock = { nowMs };
  const dynamo = createDynamoClient();
  const sqs = createSqsClient();
  const find = async (name: string, deadName: string): Promise<QueueUrls> => {
    const [queueUrl, deadLetterUrl] = await Promise.all([findQueue(sqs, name), findQueue(sqs, deadName)]);
    return { queueUrl, deadLetterUrl };
  };
  const [evaluate, deliver] = await Promise.all([
    find(names.evaluate, names.evaluateDeadLetters),
    find(names.deliver, names.deliverDeadLetters),
  ]);
  const { table } = names;
  const queues = createAwsQueues({ table, evaluate, deliver }, { dynamo, sqs }, clock);
  return {
    clock,
    state: createDynamoStateStore({ client: dynamo, name: table, clock, retentionMs: LOOK_BACK_MS }),
    queue: queues.both,
    deadLetters: joinDeadLetters([queues.evaluate.deadLetters, queues.deliver.deadLetters]),
    secrets: createAwsSecrets(env, clock),
    ...createEcr(clock),
    async close() {
      dynamo.destroy();
      (await sqs()).destroy();
    },
  };
};
