import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a receiver does with a request; all check nothing before that but the accepting ones. */
export type Manner = "accept" | "hang" | "fail";

/** As many clusters' Receivers as asked for, on one port: each below a path of its own. */
export interface ReceiverFleet {
  readonly urls: readonly string[];
  /** Where each takes its requests, as Flux computes it. */
  readonly paths: readonly string[];
  /** Begins a round: nobody has accepted yet, and each receiver behaves as told. */
  begin(mannerOf: (index: number) => Manner): void;
  /** When each first accepted in this round, on the clock of `performance`; sorted. */
  acceptedMs(among: (index: number) => boolean): readonly number[];
  /** Requests with a wrong path or signature, of all rounds. */
  readonly refused: number;
  close(): Promise<void>;
}

const RECEIVER = { namespace: "apps", name: "sluice" } as const;
const MAX_BODY_BYTES = 1024 * 1024;

const readBody = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const isSigned = (header: string | string[] | undefined, body: Buffer, token: string): boolean => {
  const wanted = Buffer.from(`sha256=${createHmac("sha256", token).update(body).digest("hex")}`);
  const given = Buffer.from(typeof header === "string" ? header : "");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

export const startReceiverFleet = async (count: number, token: string): Promise<ReceiverFleet> => {
  let manners: readonly Manner[] = [];
  let accepted = new Map<number, number>();
  let refused = 0;
  const hash = createHash("sha256").update(token).update(RECEIVER.name).update(RECEIVER.namespace);
  const hookPath = `/hook/${hash.digest("hex")}`;
  const judge = async (message: IncomingMessage): Promise<number | undefined> => {
    const [, number = "", path = ""] = /^\/(\d+)(\/.*)$/.exec(message.url ?? "") ?? [];
    const index = Number(number);
    const body = await readBody(message);
    const manner = manners[index];
    if (manner === "hang") return undefined;
    if (manner === "fail") return 500;
    if (path !== hookPath || !isSigned(message.headers["x-signature"], body, token)) {
      refused += 1;
      return 400;
    }
    if (!accepted.has(index)) accepted.set(index, performance.now());
    return 200;
  };
  const server = createServer((message, response) => {
    judge(message).then(
      (status) => {
        if (status !== undefined) response.writeHead(status).end();
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const urls = Array.from({ length: count }, (_, index) => `http://127.0.0.1:${port}/${index}`);
  return {
    urls,
    paths: urls.map((_, index) => `/${index}${hookPath}`),
    begin(mannerOf) {
      manners = urls.map((_, index) => mannerOf(index));
      accepted = new Map();
    },
    acceptedMs: (among) =>
      [...accepted]
        .filter(([index]) => among(index))
        .map(([, atMs]) => atMs)
        .toSorted((a, b) => a - b),
    get refused() {
      return refused;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
