import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

/** One request as a client made it: what AWS's wire formats say it is about. */
export interface AwsRequest {
  /** `X-Amz-Target` of the JSON protocols, or `Action` of the query protocol. */
  readonly action: string;
  /** Of the credential scope. */
  readonly region: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AwsAnswer {
  readonly status?: number;
  readonly body: unknown;
}

const MAX_BYTES = 1_048_576;

const readAll = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BYTES) throw new Error("too much");
  }
  return text;
};

const parse = (request: IncomingMessage, text: string): AwsRequest => {
  const region = /Credential=[^/]+\/[0-9]{8}\/([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const target = request.headers["x-amz-target"];
  if (typeof target === "string") return { action: target, region, body: JSON.parse(text) };
  const form = Object.fromEntries(new URLSearchParams(text));
  return { action: form.Action ?? "", region, body: form };
};

/**
 * A double of AWS's end points on loopback, not AWS: it checks nothing but keeps what was asked, and answers what the
 * test says. Texts are answered as they are, everything else as JSON.
 */
export const startAwsDouble = async (answer: (request: AwsRequest) => AwsAnswer) => {
  const requests: AwsRequest[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then((text) => {
      const parsed = parse(request, text);
      requests.push(parsed);
      const { status = 200, body } = answer(parsed);
      const isText = typeof body === "string";
      response.writeHead(status, { "content-type": isText ? "text/xml" : "application/x-amz-json-1.1" });
      response.end(isText ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    settings: (region = "eu-central-1") => ({
      endpoint: `http://127.0.0.1:${port}`,
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "not-a-secret" },
    }),
  };
};
