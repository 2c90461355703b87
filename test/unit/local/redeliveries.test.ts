import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRedeliveries } from "../../../functions/wiring/redeliveries.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { createLocalDocuments } from "../../../shared/pipeline/documents.ts";

const START_MS = Date.parse("2026-03-01T12:00:00Z");
const MINUTE_MS = 60_000;
const HOOK = "/orgs/acme/hooks/7";

interface Listed {
  readonly id: number;
  readonly guid: string;
  readonly event?: string;
  readonly minutesAgo: number;
  readonly code: number;
  readonly status?: string;
}

/** GitHub's list of deliveries, newest first, in pages of two. */
describe("asking GitHub for what did not arrive", () => {
  let nowMs = START_MS;
  let listed: Listed[] = [];
  let asked: string[] = [];
  let requests: { readonly method: string; readonly url: string; readonly authorization: string }[] = [];
  let refuse: (id: string) => number | undefined = () => undefined;
  let answerWith: string | undefined;
  let base = "";
  const log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  let run: () => Promise<void>;

  const toGitHub = ({ id, guid, event = "package", minutesAgo, code, status = "failed" }: Listed) => ({
    id,
    guid,
    event,
    delivered_at: new Date(nowMs - minutesAgo * MINUTE_MS).toISOString(),
    redelivery: false,
    status_code: code,
    status: code === 200 ? "OK" : status,
  });

  const answer = (message: IncomingMessage): { status: number; body: string; link?: string } => {
    const url = new URL(message.url ?? "", base);
    const [, id] = new RegExp(`^${HOOK}/deliveries/([^/]+)/attempts$`).exec(url.pathname) ?? [];
    if (message.method === "POST" && id !== undefined) {
      const status = refuse(id) ?? 202;
      if (status === 202) asked.push(id);
      return { status, body: "{}" };
    }
    if (url.pathname !== `${HOOK}/deliveries`) return { status: 404, body: "{}" };
    if (answerWith !== undefined) return { status: 200, body: answerWith };
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const body = JSON.stringify(listed.slice(from, from + 2).map(toGitHub));
    const link = `<https://elsewhere.example/x?per_page=100&cursor=${from + 2}>; rel="next"`;
    return from + 2 < listed.length ? { status: 200, body, link } : { status: 200, body };
  };

  const server = createServer((message, response) => {
    const { method = "", url = "", headers } = message;
    requests.push({ method, url, authorization: headers.authorization ?? "" });
    const { status, body, link } = answer(message);
    response.writeHead(status, link === undefined ? {} : { link }).end(body);
  });

  beforeEach(async () => {
    [nowMs, listed, asked, requests, answerWith] = [START_MS, [], [], [], undefined];
    log.length = 0;
    refuse = () => undefined;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = {
      mode: "observe",
      clusters: [{ name: "c", manifests: { folder: "." } }],
      sources: [
        {
          type: "ghcr",
          secrets: [{ env: "SECRET" }],
          redelivery: { hook: `${base}${HOOK}/`, token: { env: "GITHUB_TOKEN" } },
        },
      ],
      network: { allowPrivate: ["127.0.0.0/8"] },
    };
    const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: "/" });
    const ask = createRedeliveries(config, createNodeSecrets({ GITHUB_TOKEN: "t0ken" }), {
      clock: { nowMs: () => nowMs },
      documents: createLocalDocuments(),
      log: (event, fields) => void log.push({ event, fields }),
    });
    if (ask === undefined) throw new Error("nobody is asked");
    run = ask;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test("asks once for each event that did not arrive, oldest first, over all pages", async () => {
    listed = [
      { id: 9, guid: "e", minutesAgo: 1, code: 500 },
      { id: 8, guid: "d", minutesAgo: 2, code: 202, status: "Accepted" },
      { id: 7, guid: "c", minutesAgo: 3, code: 0, status: "failed to connect" },
      { id: 6, guid: "b", minutesAgo: 4, code: 200 },
      { id: 5, guid: "b", minutesAgo: 5, code: 429 },
      { id: 4, guid: "c", minutesAgo: 6, code: 503 },
      { id: 3, guid: "a", event: "registry_package", minutesAgo: 7, code: 504 },
      { id: 2, guid: "x", event: "issues", minutesAgo: 8, code: 500 },
    ];
    await run();
    expect(asked).toEqual(["3", "7", "9"]);
    expect(log).toEqual([{ event: "redelivery-asked", fields: { source: "ghcr", events: 3 } }]);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer t0ken"]));
  });

  test("looks no further back than the last time, and at most three days", async () => {
    listed = [{ id: 1, guid: "old", minutesAgo: 4 * 24 * 60, code: 500 }];
    await run();
    expect(asked).toEqual([]);
    nowMs += 60 * MINUTE_MS;
    listed = Array.from({ length: 40 }, (_, index) => ({
      id: index,
      guid: `${index}`,
      minutesAgo: index * 10,
      code: 500,
    }));
    requests = [];
    await run();
    // An hour, and a quarter for what was under way then.
    expect(asked).toHaveLength(8);
    expect(requests.filter(({ method }) => method === "GET").length).toBeLessThanOrEqual(5);
  });

  test("gives an event up after five tries", async () => {
    for (let turn = 0; turn < 8; turn++) {
      listed = [{ id: turn, guid: "a", minutesAgo: 1, code: 500 }];
      await run();
      nowMs += 15 * MINUTE_MS;
    }
    expect(asked).toHaveLength(5);
  });

  test("one that GitHub refuses keeps no other from it, and is asked for again", async () => {
    listed = [
      { id: 2, guid: "b", minutesAgo: 20, code: 500 },
      { id: 1, guid: "a", minutesAgo: 30, code: 500 },
    ];
    refuse = (id) => (id === "1" ? 422 : undefined);
    await run();
    expect(asked).toEqual(["2"]);
    expect(log.map(({ event }) => event)).toEqual(["redelivery-failed", "redelivery-asked"]);
    refuse = () => undefined;
    nowMs += 15 * MINUTE_MS;
    await run();
    expect(asked).toEqual(["2", "1", "2"]);
  });

  test.each(["{}", "nonsense", '[1,{"id":"x"},null]'])(
    "an answer of %s ends the turn, not the timer",
    async (body) => {
      answerWith = body;
      await run();
      expect(asked).toEqual([]);
    },
  );

  test("GitHub out of reach is said, without the token", async () => {
    await new Promise((resolve) => server.close(resolve));
    await run();
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({ event: "redelivery-failed", fields: { source: "ghcr" } });
    expect(JSON.stringify(log)).not.toContain("t0ken");
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
});

test("nobody is asked where no source says so", () => {
  const settings = { mode: "observe", clusters: [{ name: "c", manifests: { folder: "." } }] };
  const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: "/" });
  const deps = { clock: { nowMs: () => 0 }, documents: createLocalDocuments(), log: () => {} };
  expect(createRedeliveries(config, createNodeSecrets({}), deps)).toBeUndefined();
});
