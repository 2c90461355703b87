import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { InvocationContext } from "@azure/functions";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { QUEUES } from "../../../functions/azure/names.ts";
import { createAzureRuntime } from "../../../functions/azure/runtime.ts";
import { createWorkTrigger } from "../../../functions/azure/work-trigger.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { createAuthority } from "../adapters/certificates.ts";

const ATTEMPTS = 20;

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const authority = createAuthority("storage");
setDefaultCACertificates([...getCACertificates("default"), authority.certificate]);
const seen: Seen[] = [];

/** Storage, and Entra's endpoint for identities: takes everything and keeps what came. */
const { certificate, key } = authority.issue("localhost");
const server = createServer({ cert: certificate, key }, async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [path = ""] = (request.url ?? "").split("?");
  if (path === "/token") {
    const token = { access_token: "entra", expires_on: Math.floor(Date.now() / 1_000) + 3_600 };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(token));
    return;
  }
  seen.push({ method: request.method ?? "", path, body: Buffer.concat(chunks).toString() });
  response.writeHead(path.endsWith("/messages") ? 201 : 204, { "content-type": "application/xml" });
  response.end(
    path.endsWith("/messages")
      ? "<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessage></QueueMessagesList>"
      : "",
  );
});
await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const { port } = server.address() as AddressInfo;

const opened = createAzureRuntime({
  SLUICE_STORAGE__queueServiceUri: `https://localhost:${port}/queue`,
  SLUICE_STORAGE__tableServiceUri: `https://localhost:${port}/table`,
  SLUICE_STAGE: "it",
  IDENTITY_ENDPOINT: `https://localhost:${port}/token`,
  IDENTITY_HEADER: "h",
});
const runtime = { ...opened, log: () => {} };

const context = {
  invocationId: "i",
  triggerMetadata: { id: "m1", dequeueCount: 1, insertionTime: "2026-01-01T00:00:00Z" },
} as unknown as InvocationContext;

/** Copies that will be seen again later. */
const copies = (): readonly string[] =>
  seen
    .filter(({ path }) => path.endsWith(`/${QUEUES.evaluate}/messages`))
    .map(({ body }) =>
      Buffer.from(/<MessageText>(.*)<\/MessageText>/.exec(body)?.[1] ?? "", "base64").toString(),
    );
const parked = (): readonly Seen[] => seen.filter(({ path }) => path.startsWith("/table/"));

beforeEach(() => {
  seen.length = 0;
});

describe("a message that fails each time", () => {
  const work = encodeWork({ id: "work-1", work: { kind: "evaluate", subscription: "s" } });

  test("is a dead letter with its reason after limits.attempts tries", async () => {
    let tries = 0;
    const { handle } = createWorkTrigger(runtime, QUEUES.evaluate, async () => ({
      maxAttempts: ATTEMPTS,
      run: async () => {
        tries += 1;
        throw new PipelineError("registry.example answers 503", { code: "REGISTRY_UNAVAILABLE" });
      },
    }));
    await handle(JSON.parse(work), context);
    for (let handed = 0; handed < copies().length; handed++) await handle(copies()[handed], context);
    expect(tries).toBe(ATTEMPTS);
    const [letter, ...more] = parked();
    expect(more).toEqual([]);
    expect(letter?.body).toContain(`gave up after ${ATTEMPTS} tries: registry.example answers 503`);
  });

  test("waits where the function could not be opened at all, however few tries sluice.yaml allows", async () => {
    const { handle } = createWorkTrigger(runtime, QUEUES.evaluate, () =>
      Promise.reject(new PipelineError("no catalog", { code: "CATALOG_INVALID" })),
    );
    await handle(JSON.parse(work), context);
    for (let handed = 0; handed < 2 * ATTEMPTS; handed++) await handle(copies()[handed], context);
    expect([copies().length, parked()]).toEqual([2 * ATTEMPTS + 1, []]);
  });

  test("is set aside at once where it cannot be read", async () => {
    const { handle } = createWorkTrigger(runtime, QUEUES.evaluate, async () => ({
      maxAttempts: ATTEMPTS,
      run: async () => {},
    }));
    await handle("no JSON", context);
    expect([copies(), parked().map(({ body }) => body.includes("WORK_MALFORMED"))]).toEqual([[], [true]]);
  });
});
