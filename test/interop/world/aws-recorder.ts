import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { World } from "./world.ts";

/** One thing that a function asked of AWS, in the words of a policy. */
export interface AwsCall {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** `table`, `index`, or the last part of what is named. */
  readonly resource: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The service by the signature's scope. */
const serviceOf = ({ headers }: IncomingMessage): string =>
  /Credential=[^/]+\/[0-9]{8}\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

const parseBody = (text: string): Fields => {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return Object.fromEntries(new URLSearchParams(text));
  }
};

/** A transaction needs the right to each of its writes. */
const transactionCalls = (body: Fields): readonly AwsCall[] =>
  (Array.isArray(body.TransactItems) ? body.TransactItems : []).flatMap((item) =>
    Object.keys(fieldsOf(item)).map((kind) => ({ action: `dynamodb:${kind}Item`, resource: "table" })),
  );

const queueOf = (body: Fields): string =>
  String(body.QueueUrl ?? "")
    .split("/")
    .at(-1) ?? "";

const nameOf = (body: Fields): string =>
  String(body.SecretId ?? body.Name ?? body.repositoryName ?? body["Audience.member.1"] ?? "*");

const operationOf = (incoming: IncomingMessage, body: Fields): string => {
  const target = String(incoming.headers["x-amz-target"] ?? "");
  return target === "" ? String(body.Action ?? "") : (target.split(".").at(-1) ?? "");
};

const toCalls = (incoming: IncomingMessage, service: string, text: string): readonly AwsCall[] => {
  if (service === "s3") return [{ action: "s3:GetObject", resource: incoming.url?.split("?")[0] ?? "" }];
  const body = parseBody(text);
  const operation = operationOf(incoming, body);
  switch (service) {
    case "dynamodb":
      if (operation === "TransactWriteItems") return transactionCalls(body);
      return [
        { action: `dynamodb:${operation}`, resource: body.IndexName === undefined ? "table" : "index" },
      ];
    case "sqs":
      // A batch needs the right to its one operation.
      return [{ action: `sqs:${operation.replace(/Batch$/, "")}`, resource: queueOf(body) }];
    case "events":
      return [{ action: `events:${operation}`, resource: "sluice" }];
    default:
      return [{ action: `${service}:${operation}`, resource: nameOf(body) }];
  }
};

const readAll = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Where a service really answers, or a double of it. */
export type Route =
  | { readonly url: string }
  | { readonly answer: (asked: Asked) => { readonly status: number; readonly body: string } };

interface Asked {
  readonly operation: string;
  readonly body: Fields;
}

const forward = (incoming: IncomingMessage, body: Buffer, url: string, response: ServerResponse): void => {
  const target = new URL(incoming.url ?? "/", url);
  const headers = { ...incoming.headers, connection: "close" };
  const outgoing = request(target, { method: incoming.method ?? "POST", headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  outgoing.end(body);
};

/** One function's way to AWS: everything it asks is noted and passed on. */
export const startRecorder = async (world: World, routeOf: (service: string) => Route) => {
  const calls: AwsCall[] = [];
  const server = createServer((incoming, response) => {
    void readAll(incoming).then((body) => {
      const service = serviceOf(incoming);
      calls.push(...toCalls(incoming, service, body.toString()));
      const route = routeOf(service);
      if ("url" in route) return forward(incoming, body, route.url, response);
      const fields = parseBody(body.toString());
      const { status, body: text } = route.answer({ operation: operationOf(incoming, fields), body: fields });
      response.writeHead(status, { "content-type": text.startsWith("<") ? "text/xml" : "application/json" });
      response.end(text);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  world.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls: calls as readonly AwsCall[] };
};
