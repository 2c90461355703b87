import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createAwsCallerIdentity } from "../../shared/adapters/aws/caller-identity.ts";
import { CLIENT_SETTINGS, withCappedAnswers } from "../../shared/adapters/aws/client-settings.ts";
import { createEventBridgeBus } from "../../shared/adapters/aws/decision-bus.ts";
import { createDynamoStateStore } from "../../shared/adapters/aws/dynamodb/state-store.ts";
import { createEcrClients } from "../../shared/adapters/aws/ecr/clients.ts";
import { createEcrCredentials } from "../../shared/adapters/aws/ecr/credentials.ts";
import { withEcrTags } from "../../shared/adapters/aws/ecr/tags.ts";
import { createPowertools, type Telemetry } from "../../shared/adapters/aws/powertools.ts";
import { createS3Objects } from "../../shared/adapters/aws/s3-objects.ts";
import type { Config } from "../../shared/config/config.ts";
import type { CallerIdentity, Clock, SecretSource } from "../../shared/ports.ts";
import type { Cloud } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import {
  type AwsQueues,
  createAwsQueues,
  createAwsSecrets,
  createDynamoClient,
  createSqsClient,
} from "./clients.ts";
import { type AwsSettings, type Environment, readSettings } from "./settings.ts";

/** Of an answer of S3: more than a catalog may have, whose own limit is for whoever reads it. */
const MAX_OBJECT_BYTES = 128 * 1_048_576;

/** What every function of a stage has. */
export interface AwsRuntime {
  readonly settings: AwsSettings;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly secrets: SecretSource;
  readonly dynamo: DynamoDBClient;
  readonly queues: AwsQueues;
}

/** Reads the environment and wires what all functions share. Throws `CONFIG_INVALID` for a missing variable. */
export const createAwsRuntime = (env: Environment, name: string): AwsRuntime => {
  const settings = readSettings(env);
  const clock = { nowMs: Date.now };
  const dynamo = createDynamoClient();
  return {
    settings,
    clock,
    dynamo,
    // By the function's own name, which has the stage in it: one stage's metrics must not stand for another's.
    telemetry: createPowertools(env.AWS_LAMBDA_FUNCTION_NAME ?? `sluice-${name}`),
    secrets: createAwsSecrets(env, clock),
    queues: createAwsQueues(settings, { dynamo, sqs: createSqsClient() }, clock),
  };
};

/** What the functions that work under the catalog add. Clients that only some need are loaded on first use. */
export const createCloud = (
  { settings, clock, telemetry, secrets, dynamo, queues }: AwsRuntime,
  config: Config,
): Cloud => {
  const { table, eventBus } = settings;
  const { retentionMs } = config.state;
  const s3 = openOnce(async () => {
    const { S3Client } = await import("@aws-sdk/client-s3");
    return withCappedAnswers(new S3Client(CLIENT_SETTINGS), MAX_OBJECT_BYTES);
  });
  const eventBridge = openOnce(async () => {
    const { EventBridgeClient } = await import("@aws-sdk/client-eventbridge");
    return withCappedAnswers(new EventBridgeClient(CLIENT_SETTINGS));
  });
  return {
    clock,
    secrets,
    log: telemetry.log,
    queue: queues.both,
    state: createDynamoStateStore({ client: dynamo, name: table, clock, retentionMs }),
    objects: createS3Objects(s3),
    ...(eventBus === undefined ? {} : { bus: createEventBridgeBus(eventBridge, eventBus) }),
  };
};

/** Logins to ECR, for the function that reads registries. */
export const createEcr = (clock: Clock): Pick<Cloud, "registryCredentials" | "toReader"> => {
  const clients = createEcrClients();
  return {
    registryCredentials: [createEcrCredentials(clients, clock)],
    toReader: (reader) => withEcrTags(reader, clients),
  };
};

/** Who we are to `generic-oidc` receivers. */
export const createIdentity = (clock: Clock): CallerIdentity => {
  const sts = openOnce(async () => {
    const { STSClient } = await import("@aws-sdk/client-sts");
    return withCappedAnswers(new STSClient(CLIENT_SETTINGS));
  });
  return createAwsCallerIdentity(sts, clock);
};
