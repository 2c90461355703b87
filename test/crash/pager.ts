import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import type { StoredRecord } from "../../shared/state.ts";
import { createAuthority } from "../unit/adapters/certificates.ts";

const END_TIMEOUT_MS = 60_000;

interface Heard {
  readonly id: string;
  /** Of the record. */
  readonly record: string;
}

/** An HTTPS endpoint that hears of decisions; now and then it is slow to answer, so that a kill comes in between. */
export const startPager = async (caFile: string) => {
  const authority = createAuthority("crash");
  const { certificate, key } = authority.issue("localhost");
  await writeFile(caFile, authority.certificate);
  const heard: Heard[] = [];
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // Killed while it sent.
      return;
    }
    const { id, decision } = JSON.parse(Buffer.concat(chunks).toString()) as {
      id: string;
      decision: { id: string };
    };
    heard.push({ id, record: decision.id });
    if (heard.length % 3 === 0) await wait(20);
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    heard,
    endpoint: {
      name: "pager",
      url: `https://localhost:${address.port}/`,
      secrets: [{ env: "ENDPOINT_KEY" }],
      ca: caFile,
      allowPrivateAddresses: true,
      decisions: ["reject", "wait"],
    },
    /** Until nothing came for a second. */
    async awaitQuiet(): Promise<void> {
      const deadlineMs = Date.now() + END_TIMEOUT_MS;
      for (let before = -1; before !== heard.length; ) {
        if (Date.now() > deadlineMs) throw new Error("the pager is told without end");
        before = heard.length;
        await wait(1_000);
      }
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** The records that a pager should have heard of, in the log's order. */
export const toExpected = (records: readonly StoredRecord[]): readonly string[] =>
  records
    .filter((record) => record.kind === "decision" && ["reject", "wait"].includes(record.outcome))
    .map(({ id }) => id);

/** Each for the first time; what a kill made come again must come at once, under the id that it had. */
export const withoutRepeats = (heard: readonly Heard[]): readonly string[] => {
  const first: string[] = [];
  const ids = new Map<string, string>();
  for (const { id, record } of heard) {
    if (first.at(-1) === record && ids.get(record) === id) continue;
    ids.set(record, id);
    first.push(record);
  }
  return first;
};
