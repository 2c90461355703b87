import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from "@aws-sdk/client-ecr";
import { CreateEventBusCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { bundleFunctions } from "../../../infra/aws/bundle.ts";
import { AWS_IDENTITY, AWS_PLACE, createSqs, startDynamo, startElasticMq, startMoto } from "./aws.ts";
import type { AwsCall } from "./aws-call.ts";
import { type Route, startRecorder } from "./aws-recorder.ts";
import type { Poller } from "./event-source.ts";
import { type Lambda, type LambdaSpec, startLambda } from "./lambda.ts";
import type { World } from "./world.ts";

export const FUNCTIONS = ["intake", "evaluate", "deliver", "sweep", "inputs"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export const STAGE = "test";
export const { region: REGION, account: ACCOUNT } = AWS_PLACE;
export const BUS = "sluice";
export const PUBLIC_TOKEN = "a-token-for-ecr-public";
export const BUCKET = "sluice-catalogs";

const QUEUES = ["evaluate", "evaluate-dead", "deliver", "deliver-dead"] as const;
type QueueName = (typeof QUEUES)[number];

/** What STS would mint; a double, since no server here knows the call. */
const toIdentityToken = (audience: string): string =>
  `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>token-for-${audience}</WebIdentityToken><Expiration>${new Date(Date.now() + 300_000).toISOString()}</Expiration></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`;

/** ECR Public as the owner of `acme` sees it; a double, since no server here knows the service. */
const answerEcrPublic = (operation: string): unknown => {
  switch (operation) {
    case "GetAuthorizationToken":
      return {
        authorizationData: { authorizationToken: PUBLIC_TOKEN, expiresAt: Date.now() / 1_000 + 43_200 },
      };
    case "DescribeRegistries":
      return { registries: [{ aliases: [{ name: "acme" }] }] };
    default:
      return { imageTagDetails: [{ imageTag: "1.0.0" }] };
  }
};

/** Everything of AWS that a deployment has, in servers on loopback, and functions that run beside them. */
export const startAwsStage = async (world: World) => {
  const [moto, sqs] = await Promise.all([startMoto(world), startElasticMq(world)]);
  const dynamo = await startDynamo(world, moto.url);
  const table = await dynamo.createTable(`sluice-${STAGE}`);
  const urls = new Map<QueueName, string>();
  for (const name of QUEUES) {
    urls.set(name, await sqs.createQueue(`sluice-${STAGE}-${name}`, { VisibilityTimeout: "3" }));
  }
  const queueUrl = (name: QueueName): string => urls.get(name) ?? "";
  const { settings } = moto;
  const secrets = new SecretsManagerClient(settings);
  const parameters = new SSMClient(settings);
  const ecr = new ECRClient(settings);
  const s3 = new S3Client(settings);
  await new EventBridgeClient(settings).send(new CreateEventBusCommand({ Name: BUS }));
  await s3.send(
    new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
  const bundles = join(world.folder, "bundles");
  const outages = new Set<string>();
  const routeOf =
    (name: FunctionName) =>
    (service: string): Route => {
      if (outages.has(`${name} ${service}`)) return { answer: () => ({ status: 503, body: "" }) };
      switch (service) {
        case "sqs":
          return { url: sqs.url };
        case "sts":
          return {
            answer: ({ body }) => ({ status: 200, body: toIdentityToken(String(body["Audience.member.1"])) }),
          };
        case "ecr-public":
          return {
            answer: ({ operation }) => ({ status: 200, body: JSON.stringify(answerEcrPublic(operation)) }),
          };
        default:
          return { url: moto.url };
      }
    };
  const recorded = new Map<FunctionName, { url: string; calls: AwsCall[] }>();
  for (const name of FUNCTIONS) recorded.set(name, await startRecorder(world, routeOf(name)));

  const endpointOf = (name: FunctionName): string => recorded.get(name)?.url ?? "";
  /** The same queue, by way of the function's recorder. */
  const viaRecorder = (name: FunctionName, queue: QueueName): string =>
    queueUrl(queue).replace(sqs.url, endpointOf(name));

  const toPoller = (name: "evaluate" | "deliver"): Poller => ({
    client: createSqs(world, endpointOf(name)),
    queueUrl: viaRecorder(name, name),
  });
  const pollers = { evaluate: toPoller("evaluate"), deliver: toPoller("deliver") };

  return {
    sqs: sqs.client,
    queueUrl,
    /** The environment of a person who looks at this stage. */
    operatorEnv: {
      AWS_ENDPOINT_URL: moto.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
      ...AWS_IDENTITY,
    },
    /** While `work` runs, that service answers 503 to that function. */
    async during(name: FunctionName, service: string, work: () => Promise<void>) {
      outages.add(`${name} ${service}`);
      try {
        await work();
      } finally {
        outages.delete(`${name} ${service}`);
      }
    },
    dynamo: { client: dynamo.client, name: table },
    callsOf: (name: FunctionName): readonly AwsCall[] => recorded.get(name)?.calls ?? [],
    /** What a function asked of AWS by another way than its API. */
    note: (name: FunctionName, call: AwsCall) => recorded.get(name)?.calls.push(call),
    /** A function's queue as Lambda reads it for that function, which is by that function's role. */
    pollerOf: (name: "evaluate" | "deliver") => pollers[name],
    async putSecret(Name: string, SecretString: string) {
      await secrets.send(new CreateSecretCommand({ Name, SecretString }));
    },
    async putParameter(Name: string, Value: string) {
      await parameters.send(new PutParameterCommand({ Name, Value, Type: "SecureString" }));
    },
    async putCatalog(text: string) {
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "catalog.json", Body: text }));
    },
    /** What ECR's own API must know beside the registry that holds the image. */
    createRepository: (repositoryName: string) => ecr.send(new CreateRepositoryCommand({ repositoryName })),
    putImage: (repositoryName: string, imageTag: string, imageManifest: string) =>
      ecr.send(new PutImageCommand({ repositoryName, imageTag, imageManifest })),
    /** Bundles the functions as `npm run package:aws` does, with these files beside each. */
    async bundle(files: Readonly<Record<string, string>>) {
      const folder = join(world.folder, "deployment");
      await mkdir(folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      await bundleFunctions(folder, bundles);
    },
    start: (name: FunctionName, extra: Partial<LambdaSpec> = {}): Promise<Lambda> =>
      startLambda(world, {
        name,
        file: join(bundles, name, "index.mjs"),
        ...extra,
        env: {
          AWS_ENDPOINT_URL: endpointOf(name),
          SLUICE_TABLE: table,
          SLUICE_EVALUATE_QUEUE_URL: viaRecorder(name, "evaluate"),
          SLUICE_EVALUATE_DEAD_LETTER_URL: viaRecorder(name, "evaluate-dead"),
          SLUICE_DELIVER_QUEUE_URL: viaRecorder(name, "deliver"),
          SLUICE_DELIVER_DEAD_LETTER_URL: viaRecorder(name, "deliver-dead"),
          SLUICE_EVENT_BUS: BUS,
          ...extra.env,
        },
      }),
  };
};

export type AwsStage = Awaited<ReturnType<typeof startAwsStage>>;
