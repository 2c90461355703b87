import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** One call as the SDK made it: its input is the body, word for word, in AWS's JSON protocols. */
export interface AwsCall {
  /** `DynamoDB_20120810` or `AmazonSQS` */
  readonly service: string;
  /** `GetItem` */
  readonly operation: string;
  readonly input: unknown;
}

interface Entry {
  readonly Id?: string;
  readonly MessageBody: string;
}

const toReceipt = ({ Id, MessageBody }: Entry) => ({
  Id,
  MessageId: Id ?? "1",
  MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
});

/** An empty table, and queues and a bus that take everything. */
export const answerEmpty = ({ operation, input }: AwsCall): unknown => {
  switch (operation) {
    case "SendMessageBatch":
      return { Successful: (input as { readonly Entries: readonly Entry[] }).Entries.map(toReceipt) };
    case "SendMessage":
      return toReceipt(input as Entry);
    case "Query":
      return { Items: [], Count: 0, ScannedCount: 0 };
    case "BatchGetItem":
      return { Responses: {}, UnprocessedKeys: {} };
    case "PutEvents":
      return { FailedEntryCount: 0, Entries: [] };
    default:
      return {};
  }
};

const readAll = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Answers AWS's JSON protocols on loopback: what is measured is who calls. Keeps what was asked. */
export const startAwsServices = async (answerTo: (call: AwsCall) => unknown = answerEmpty) => {
  const calls: AwsCall[] = [];
  const server = createServer(async (request, response) => {
    const [service = "", operation = ""] = String(request.headers["x-amz-target"]).split(".");
    const call = { service, operation, input: JSON.parse(await readAll(request)) as unknown };
    calls.push(call);
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(answerTo(call)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    calls,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
};
