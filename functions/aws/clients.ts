import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { CLIENT_SETTINGS, withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createDynamoDelayedWork } from "../../shared/adapters/aws/dynamodb/delayed-work.ts";
import { createAwsNamedSecrets } from "../../shared/adapters/aws/named-secrets.ts";
import { createLazySqsWorkQueue } from "../../shared/adapters/aws/sqs/lazy-work-queue.ts";
import type { SqsWorkQueue } from "../../shared/adapters/aws/sqs/work-queue.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { Clock, SecretSource, WorkQueue } from "../../shared/ports.ts";
import { withNamedSecrets } from "../wiring/named-secrets.ts";
import { openOnce } from "../wiring/open-once.ts";
import { routeWork } from "../wiring/routed-queue.ts";
import type { AwsSettings, Environment, QueueUrls } from "./settings.ts";

export const createDynamoClient = (): DynamoDBClient =>
  withCappedAnswers(new DynamoDBClient(CLIENT_SETTINGS));

/** Loaded on first use. */
export const createSqsClient = (): (() => Promise<SQSClient>) =>
  openOnce(async () => {
    const { SQSClient } = await import("@aws-sdk/client-sqs");
    return withCappedAnswers(new SQSClient(CLIENT_SETTINGS));
  });

/** `{secret: name}` from Secrets Manager or SSM, whose clients are loaded only by who has such secrets. */
export const createAwsSecrets = (env: Environment, clock: Clock): SecretSource => {
  const secretsManager = openOnce(async () => {
    const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
    return withCappedAnswers(new SecretsManagerClient(CLIENT_SETTINGS));
  });
  const ssm = openOnce(async () => {
    const { SSMClient } = await import("@aws-sdk/client-ssm");
    return withCappedAnswers(new SSMClient(CLIENT_SETTINGS));
  });
  return withNamedSecrets(createNodeSecrets(env), createAwsNamedSecrets({ secretsManager, ssm }), clock);
};

/** A stage's two queues, and both as one. */
export interface AwsQueues {
  readonly evaluate: SqsWorkQueue;
  readonly deliver: SqsWorkQueue;
  readonly both: WorkQueue;
}

export const createAwsQueues = (
  { table, evaluate, deliver }: Pick<AwsSettings, "table" | "evaluate" | "deliver">,
  clients: { readonly dynamo: DynamoDBClient; readonly sqs: () => Promise<SQSClient> },
  clock: Clock,
): AwsQueues => {
  const delayed = createDynamoDelayedWork({ client: clients.dynamo, name: table }, clock);
  const open = (urls: QueueUrls): SqsWorkQueue =>
    createLazySqsWorkQueue(
      openOnce(async () => {
        const { createSqsWorkQueue } = await import("../../shared/adapters/aws/sqs/work-queue.ts");
        return createSqsWorkQueue({ client: await clients.sqs(), ...urls, delayed });
      }),
    );
  const queues = { evaluate: open(evaluate), deliver: open(deliver) };
  return { ...queues, both: routeWork(queues) };
};
