import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { RegisteredFunction } from "./worker.ts";

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const toHeaders = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );

const answer = async (
  target: RegisteredFunction,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const method = request.method ?? "GET";
  if (target.trigger.methods?.some((allowed) => allowed.toUpperCase() === method) !== true) {
    response.writeHead(404).end();
    return;
  }
  const result = await target.invoke({
    http: {
      method,
      url: `https://functions.example${request.url}`,
      headers: toHeaders(request),
      body: { bytes: await readBody(request) },
    },
  });
  const { statusCode = "200", headers = {}, body = {} } = result?.http ?? {};
  response.writeHead(Number(statusCode), headers);
  response.end(body.bytes ?? body.string ?? "");
};

const runTimer = async (timers: readonly RegisteredFunction[], path: string): Promise<number> => {
  const timer = timers.find(({ name }) => path === `/admin/functions/${name}`);
  if (timer === undefined) return 404;
  await timer.invoke({ json: JSON.stringify({ Schedule: {}, IsPastDue: false }) });
  return 202;
};

/** The host's HTTP side: the app's function, and the admin address that runs a timer at once. */
export const listenHttp = (functions: readonly RegisteredFunction[], port: number): Promise<void> => {
  const http = functions.find(({ trigger }) => trigger.type === "httpTrigger");
  const timers = functions.filter(({ trigger }) => trigger.type === "timerTrigger");
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "/";
    if (path === "/admin/host/status") response.writeHead(200).end();
    else if (path.startsWith("/admin/")) response.writeHead(await runTimer(timers, path)).end();
    else if (http === undefined) response.writeHead(404).end();
    else await answer(http, request, response);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
};
