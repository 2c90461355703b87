import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Asked, type AwsCall, toAsked, toCalls } from "./aws-call.ts";
import type { World } from "./world.ts";

const readAll = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Where a service really answers, or a double of it. */
export type Route =
  | { readonly url: string }
  | { readonly answer: (asked: Asked) => { readonly status: number; readonly body: string } };

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
      const asked = toAsked(incoming, body.toString());
      calls.push(...toCalls(asked));
      const route = routeOf(asked.service);
      if ("url" in route) return forward(incoming, body, route.url, response);
      const { status, body: text } = route.answer(asked);
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
  return { url: `http://127.0.0.1:${port}`, calls };
};
