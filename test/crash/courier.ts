import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

const DROPPED = 0.1;
const DOUBLED = 0.1;
const LONGEST_DELAY_MS = 3_000;

interface RegistryEvent {
  readonly target: { readonly mediaType: string };
}

export interface Courier {
  readonly url: string;
  /** Where to, and with what headers. */
  deliverTo(url: string, headers: Readonly<Record<string, string>>): void;
  /** Settles when everything that was not dropped got its 2xx. */
  idle(): Promise<void>;
  readonly counts: { taken: number; dropped: number; doubled: number };
  close(): Promise<void>;
}

/** Stands between a registry and Sluice, and loses, doubles and shuffles what the registry sends. */
export const startCourier = async (): Promise<Courier> => {
  const counts = { taken: 0, dropped: 0, doubled: 0 };
  const underWay = new Set<Promise<void>>();
  let target = { url: "", headers: {} as Readonly<Record<string, string>> };
  let over = false;

  const bring = async (event: RegistryEvent): Promise<void> => {
    await wait(Math.random() * LONGEST_DELAY_MS);
    while (!over) {
      const response = await fetch(target.url, {
        method: "POST",
        headers: target.headers,
        body: JSON.stringify({ events: [event] }),
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok === true) return;
      await wait(50);
    }
  };

  const take = (event: RegistryEvent): void => {
    // As registries are told to: layers are no news.
    if (!event.target.mediaType.includes("manifest")) return;
    counts.taken++;
    if (Math.random() < DROPPED) {
      counts.dropped++;
      return;
    }
    const copies = Math.random() < DOUBLED ? 2 : 1;
    counts.doubled += copies - 1;
    for (let copy = 0; copy < copies; copy++) {
      const brought = bring(event).finally(() => underWay.delete(brought));
      underWay.add(brought);
    }
  };

  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const { events } = JSON.parse(body.toString()) as { events: readonly RegistryEvent[] };
      for (const event of events) take(event);
      response.writeHead(202).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    deliverTo(url, headers) {
      target = { url, headers };
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async close() {
      over = true;
      await Promise.all(underWay);
      server.close();
      server.closeAllConnections();
    },
  };
};
