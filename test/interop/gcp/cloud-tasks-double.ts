import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { World } from "../world/world.ts";

/** What it was asked for; `sentAtMs` once the request has left. */
export interface ScheduledTask {
  readonly queue: string;
  readonly scheduleTimeMs: number;
  readonly url: string;
  readonly serviceAccount: string;
}

/** A stand-in for Cloud Tasks, which has no emulator: it takes the documented REST form and makes the requests. */
export interface CloudTasksDouble {
  readonly host: string;
  readonly url: string;
  readonly tasks: readonly ScheduledTask[];
  /** From now on it refuses everything, as when the API is out. */
  fail(failing: boolean): void;
}

interface TaskRequest {
  readonly scheduleTime: string;
  readonly httpRequest: {
    readonly url: string;
    readonly httpMethod: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly oauthToken: { readonly serviceAccountEmail: string; readonly scope: string };
  };
}

const PATH = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/queues\/[^/]+)\/tasks$/;
const MAX_RESENDS = 20;
const RESEND_MS = 200;

const readBody = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Only what the reference of `projects.locations.queues.tasks` allows; a wrong word must fail here as it would there. */
const parseTask = (body: string): TaskRequest => {
  const { task, ...rest } = JSON.parse(body) as { task: TaskRequest };
  const unknown = [
    ...Object.keys(rest),
    ...Object.keys(task).filter((key) => !["scheduleTime", "httpRequest"].includes(key)),
    ...Object.keys(task.httpRequest).filter(
      (key) => !["url", "httpMethod", "headers", "body", "oauthToken"].includes(key),
    ),
  ];
  if (unknown.length > 0) throw new Error(`unknown fields ${unknown.join(", ")}`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(task.scheduleTime))
    throw new Error("scheduleTime");
  if (!task.httpRequest.oauthToken.serviceAccountEmail.includes("@")) throw new Error("serviceAccountEmail");
  return task;
};

/** Sends until it gets a success, as a queue with retries does. */
const dispatch = async ({ httpRequest }: TaskRequest, signal: AbortSignal): Promise<void> => {
  const { url, httpMethod, headers, body } = httpRequest;
  for (let sent = 0; sent < MAX_RESENDS && !signal.aborted; sent++) {
    const init = { method: httpMethod, headers, body: Buffer.from(body, "base64"), signal };
    const ok = await fetch(url, init).then(
      async (response) => {
        await response.body?.cancel();
        return response.ok;
      },
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, RESEND_MS));
  }
};

export const startCloudTasksDouble = async (world: World): Promise<CloudTasksDouble> => {
  const tasks: ScheduledTask[] = [];
  const stopped = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  let failing = false;
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const queue = PATH.exec(request.url ?? "")?.[1];
    const body = await readBody(request);
    if (failing) return answer(403, { error: { code: 403, status: "PERMISSION_DENIED", message: "off" } });
    if (queue === undefined) return answer(404, { error: { code: 404, status: "NOT_FOUND" } });
    try {
      const task = parseTask(body);
      const scheduleTimeMs = Date.parse(task.scheduleTime);
      const { url, oauthToken } = task.httpRequest;
      tasks.push({ queue, scheduleTimeMs, url, serviceAccount: oauthToken.serviceAccountEmail });
      const delayMs = Math.max(0, scheduleTimeMs - Date.now());
      timers.push(setTimeout(() => void dispatch(task, stopped.signal), delayMs));
      answer(200, { name: `${queue}/tasks/${tasks.length}`, scheduleTime: task.scheduleTime });
    } catch (error) {
      answer(400, { error: { code: 400, status: "INVALID_ARGUMENT", message: String(error) } });
    }
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  world.atEnd(async () => {
    stopped.abort();
    for (const timer of timers) clearTimeout(timer);
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    tasks,
    fail: (now) => {
      failing = now;
    },
  };
};
