import { createHmac } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { createSharedEventAllowance } from "../../../functions/wiring/http/event-allowance.ts";
import { openIntake } from "../../../functions/wiring/http/open-intake.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { createLocalDocuments, type Documents } from "../../../shared/pipeline/documents.ts";
import type { Allowance } from "../../../shared/pipeline/sweep/allowance.ts";
import type { QueuedWork } from "../../../shared/ports.ts";

const LIMIT = 100;
const TIMEOUT_MS = 20;

let nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs };
let logged: string[] = [];
const log = (event: string) => void logged.push(event);
beforeEach(() => {
  logged = [];
});

const createTrouble = () => {
  const kept = createLocalDocuments();
  const trouble: { kind: "none" | "fails" | "hangs"; asked: string[] } = { kind: "none", asked: [] };
  const through = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    trouble.asked.push(key);
    if (trouble.kind === "fails") throw new Error("STATE_UNAVAILABLE: down");
    if (trouble.kind === "hangs") return new Promise<T>(() => {});
    return work();
  };
  const documents: Documents = {
    loadDocument: (key) => through(key, () => kept.loadDocument(key)),
    saveDocument: (key, version, value) => through(key, () => kept.saveDocument(key, version, value)),
  };
  return { trouble, documents };
};

const create = (documents: Documents): Allowance =>
  createSharedEventAllowance(LIMIT, { clock, documents, log }, TIMEOUT_MS);

const takeMany = async (allowance: Allowance, times: number): Promise<number> => {
  let granted = 0;
  for (let turn = 0; turn < times; turn++) if ((await allowance.take("ghcr", 1)) === undefined) granted += 1;
  return granted;
};

describe("events that several instances count", () => {
  test("have one limit for all of them", async () => {
    const { documents } = createTrouble();
    const granted = await Promise.all(
      [create(documents), create(documents)].map((one) => takeMany(one, LIMIT)),
    );
    expect(granted.reduce((sum, one) => sum + one, 0)).toBe(LIMIT);
    expect(logged).toEqual([]);
  });

  test.each(["fails", "hangs"] as const)(
    "have one limit for each while the store %s, and are not held up by it each time",
    async (kind) => {
      const { documents, trouble } = createTrouble();
      const instances = [create(documents), create(documents)];
      trouble.kind = kind;
      expect(await Promise.all(instances.map((one) => takeMany(one, 2 * LIMIT)))).toEqual([LIMIT, LIMIT]);
      expect(logged).toEqual(["intake-alone", "intake-alone"]);
      // Clouds let intake into no other documents.
      expect(trouble.asked).toEqual(["events/ghcr", "events/ghcr"]);
    },
  );

  test("are counted together again some seconds later", async () => {
    const { documents, trouble } = createTrouble();
    const instances = [create(documents), create(documents)];
    trouble.kind = "fails";
    await Promise.all(instances.map((one) => takeMany(one, 1)));
    trouble.kind = "none";
    nowMs += 10_000;
    const granted = await Promise.all(instances.map((one) => takeMany(one, LIMIT)));
    expect(granted.reduce((sum, one) => sum + one, 0)).toBe(LIMIT);
  });
});

test("a cloud's intake stores events while it cannot count them with others, up to the limit", async () => {
  const config = parseConfig(
    JSON.stringify({
      mode: "observe",
      clusters: [{ name: "c", manifests: { folder: "." } }],
      sources: [{ type: "sluice", secrets: [{ env: "S" }] }],
      limits: { eventsPerMinute: 3 },
    }),
    { file: "sluice.yaml", baseFolder: "/" },
  );
  const stored: QueuedWork[] = [];
  const down = () => Promise.reject(new Error("STATE_UNAVAILABLE: down"));
  const intake = openIntake(config, {
    clock,
    log,
    secrets: createNodeSecrets({ S: "s3cret" }),
    queue: { send: async (messages) => void stored.push(...messages) },
    documents: { loadDocument: down, saveDocument: down },
  });
  const body = Buffer.from(JSON.stringify({ repository: "r.example/acme/app", tag: "1.0.0" }));
  const signature = createHmac("sha256", "s3cret").update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-signature": `sha256=${signature}` };
  const post = async (): Promise<number> => {
    const { status } = await intake({ method: "POST", path: "/events/sluice", query: "", headers, body });
    return status;
  };
  expect([await post(), await post(), await post(), await post()]).toEqual([202, 202, 202, 429]);
  expect(stored).toHaveLength(3);
});
