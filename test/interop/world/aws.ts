import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { TABLE_DEFINITION } from "../../../shared/adapters/aws/dynamodb/table.ts";
import { peerBinary, peerJars, peerPython } from "../install/cache.ts";
import { answers } from "./process.ts";
import { freePort, type World } from "./world.ts";

/** What SDKs want to see; nobody checks it here. */
export const AWS_IDENTITY = {
  AWS_REGION: "us-west-2",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "not-a-secret",
} as const;

/** Where everything is, as ARNs say it. */
export const AWS_PLACE = { account: "123456789012", region: AWS_IDENTITY.AWS_REGION } as const;

const settings = (endpoint: string) => ({
  endpoint,
  region: AWS_IDENTITY.AWS_REGION,
  credentials: {
    accessKeyId: AWS_IDENTITY.AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_IDENTITY.AWS_SECRET_ACCESS_KEY,
  },
});

/** A client of SQS at `url`, closed with the world. */
export const createSqs = (world: World, url: string): SQSClient => {
  const client = new SQSClient(settings(url));
  world.atEnd(() => client.destroy());
  return client;
};

/** ElasticMQ: a server of SQS's protocol, in memory. */
export const startElasticMq = async (world: World) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const address = ["rest-sqs.bind-hostname=127.0.0.1", `rest-sqs.bind-port=${port}`];
  const visible = ["node-address.host=127.0.0.1", `node-address.port=${port}`, "rest-stats.enabled=false"];
  const place = [`aws.region=${AWS_PLACE.region}`, `aws.accountId=${AWS_PLACE.account}`];
  await world.start({
    name: "elasticmq",
    file: "java",
    args: [
      "-XX:TieredStopAtLevel=1",
      "-Xmx256m",
      ...[...address, ...visible, ...place].map((property) => `-D${property}`),
      "-cp",
      peerJars("elasticmq"),
      "org.elasticmq.server.Main",
    ],
    isReady: answers(`${url}/health`, () => true),
  });
  const client = createSqs(world, url);
  let queues = 0;
  return {
    url,
    client,
    /** A queue of its own; its URL. */
    async createQueue(name = `queue-${++queues}`, Attributes: Readonly<Record<string, string>> = {}) {
      const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
      if (QueueUrl === undefined) throw new Error("a queue without URL");
      return QueueUrl;
    },
  };
};

/** moto: a server of several AWS protocols, in memory, one request at a time. */
export const startMoto = async (world: World) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await world.start({
    name: "moto",
    file: peerPython("moto"),
    args: [join(import.meta.dirname, "../python/moto_server.py"), String(port)],
    env: { PYTHONDONTWRITEBYTECODE: "1" },
    isReady: answers(`${url}/moto-api/`),
  });
  return { url, settings: settings(url) };
};

/** dynoxide: a server of DynamoDB's protocol alone, whose answers its authors hold against AWS's own. */
export const startDynoxide = async (world: World) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await world.start({
    name: "dynoxide",
    file: peerBinary("dynoxide"),
    args: ["--host", "127.0.0.1", "--port", String(port), "--log", "quiet"],
    isReady: answers(url, () => true),
  });
  return { url };
};

/** Tables as the deployment makes them, on a server of DynamoDB's protocol. */
export const startDynamo = async (world: World, url: string) => {
  const client = new DynamoDBClient(settings(url));
  world.atEnd(() => client.destroy());
  let tables = 0;
  return {
    client,
    async createTable(TableName = `table-${process.pid}-${++tables}`) {
      await client.send(new CreateTableCommand({ ...TABLE_DEFINITION, TableName } as never));
      return TableName;
    },
  };
};

export type Dynamo = Awaited<ReturnType<typeof startDynamo>>;

const ELSEWHERE = process.env.SLUICE_DYNAMODB_URL;

/** Servers of DynamoDB's protocol that every run asks. `elsewhere`: at SLUICE_DYNAMODB_URL. */
export const DYNAMOS = ["moto", ...(ELSEWHERE === undefined ? [] : ["elsewhere"])];

/** Starts all of `DYNAMOS`; answers with a client of each by its name. */
export const startDynamos = async (world: World) => {
  const moto = await startMoto(world);
  const urls: Readonly<Record<string, string>> = {
    moto: moto.url,
    ...(ELSEWHERE === undefined ? {} : { elsewhere: ELSEWHERE }),
  };
  const started = new Map<string, Dynamo>();
  for (const name of DYNAMOS) started.set(name, await startDynamo(world, urls[name] ?? ""));
  return (name: string) => {
    const found = started.get(name);
    if (found === undefined) throw new Error(`no server of DynamoDB's protocol is called ${name}`);
    return found;
  };
};
