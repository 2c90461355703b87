import type { AppName } from "../../../infra/azure/package.ts";
import type { AzureCall } from "./azure-services.ts";

/** How each app's first function is registered; the handler is called `handle`. */
const REGISTERED: Readonly<Record<AppName, string>> = {
  intake: `app.http("intake", { methods: ["POST", "OPTIONS"], authLevel: "anonymous", route: "{*path}", handler: handle });`,
  evaluate: `app.storageQueue("evaluate", { connection: "S", queueName: "sluice-evaluate", handler: handle });`,
  deliver: `app.storageQueue("deliver", { connection: "S", queueName: "sluice-deliver", handler: handle });`,
  sweep: `app.timer("sweep", { schedule: "0 * * * * *", handler: handle });`,
  inputs: `app.http("inputs", { methods: ["GET", "HEAD"], authLevel: "anonymous", route: "{*path}", handler: handle });`,
};

/** A token as documented for a function's managed identity, kept for all clients. */
const CREDENTIAL = `
let token;
const credential = {
  getToken: () => (token ??= (async () => {
    const url = process.env.IDENTITY_ENDPOINT + "?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com";
    const response = await fetch(url, { headers: { "x-identity-header": process.env.IDENTITY_HEADER } });
    const { access_token, expires_on } = await response.json();
    return { token: access_token, expiresOnTimestamp: Number(expires_on) * 1000 };
  })()),
};
`;

const ENTITY = /^\/(\w+)\(PartitionKey='(.*)',RowKey='(.*)'\)$/;
const ENTITIES = /^\/(\w+)\(\)$/;
const MESSAGES = /^\/([\w-]+)\/messages$/;
const CREATED = /^POST https:\S+\/(\w+) HTTP\/1\.1\r\n[\s\S]*?\r\n(\{.*\})\r\n/m;
const TEXT = /<MessageText>(.*)<\/MessageText>/;

interface Sent {
  readonly module: "@azure/data-tables" | "@azure/storage-queue";
  /** A table's name, or a queue's. */
  readonly of: string;
  /** The client's method and what it is given. */
  readonly call: string;
}

const toCreated = (body: string): Sent | undefined => {
  const [, table, text] = CREATED.exec(body) ?? [];
  if (table === undefined || text === undefined) return undefined;
  const { PartitionKey: partitionKey, RowKey: rowKey, ...columns } = JSON.parse(text);
  const entity = JSON.stringify({ partitionKey, rowKey, ...columns });
  return { module: "@azure/data-tables", of: table, call: `submitTransaction([["create", ${entity}]])` };
};

/** The call of Azure's own client that a request came from. Throws for one that no function makes at its start so far. */
const toSent = ({ method, path, query, body }: AzureCall): Sent => {
  const [, table, partitionKey, rowKey] = ENTITY.exec(path) ?? [];
  if (method === "GET" && table !== undefined) {
    const key = `${JSON.stringify(partitionKey)}, ${JSON.stringify(rowKey)}`;
    return { module: "@azure/data-tables", of: table, call: `getEntity(${key}).catch(() => {})` };
  }
  const [, listed] = ENTITIES.exec(path) ?? [];
  if (method === "GET" && listed !== undefined) {
    const options = JSON.stringify({ queryOptions: { filter: query.$filter } });
    return { module: "@azure/data-tables", of: listed, call: `listEntities(${options}).next()` };
  }
  const [, queue] = MESSAGES.exec(path) ?? [];
  const [, text] = TEXT.exec(body) ?? [];
  if (queue !== undefined && text !== undefined) {
    const options = JSON.stringify({ visibilityTimeout: 0, messageTimeToLive: -1 });
    const call = `sendMessage(${JSON.stringify(text)}, ${options})`;
    return { module: "@azure/storage-queue", of: queue, call };
  }
  const created = path === "/$batch" ? toCreated(body) : undefined;
  if (created !== undefined) return created;
  throw new Error(`no call of a client is known for ${method} ${path}`);
};

const toOpened = (sent: readonly Sent[], storageUrl: string): readonly string[] => {
  const named = new Map(sent.map(({ module, of }) => [of, module]));
  return [...named].map(([of, module]) => {
    const opened =
      module === "@azure/data-tables"
        ? `new TableClient("${storageUrl}", "${of}", credential)`
        : `new QueueClient("${storageUrl}/${of}", credential)`;
    return `clients["${of}"] = ${opened};`;
  });
};

/** An app whose function makes these calls, one after the other, and answers. */
export const toBareApp = (app: AppName, storageUrl: string, calls: readonly AzureCall[]): string => {
  const sent = calls.map(toSent);
  const has = (module: Sent["module"]): boolean => sent.some((one) => one.module === module);
  const isHttp = app === "intake" || app === "inputs";
  return [
    `import { app } from "@azure/functions";`,
    ...(has("@azure/data-tables") ? [`import { TableClient } from "@azure/data-tables";`] : []),
    ...(has("@azure/storage-queue") ? [`import { QueueClient } from "@azure/storage-queue";`] : []),
    ...(sent.length === 0 ? [] : [CREDENTIAL, "const clients = {};", ...toOpened(sent, storageUrl)]),
    "const handle = async () => {",
    ...sent.map(({ of, call }) => `  await clients["${of}"].${call};`),
    ...(isHttp ? ["  return { status: 204 };"] : []),
    "};",
    REGISTERED[app],
    "",
  ].join("\n");
};
