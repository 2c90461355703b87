import { createClient } from "oras-js";
import { createRegistry as createRegistryServer, type Registry } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { createRegistry, type OpenedRegistry } from "../../../functions/wiring/registry/registry.ts";
import {
  createCountedFetch,
  createSweepBudget,
  createSweepRegistry,
} from "../../../functions/wiring/registry/sweep-budget.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { createLocalDocuments } from "../../../shared/pipeline/documents.ts";

let nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs };
const HALF = { fraction: () => 0.5 };
const MINUTE_MS = 60_000;

const HOST = "registry.example";

const openBudget = (requestBudget: number, documents = createLocalDocuments()) =>
  createSweepBudget({ requestBudget, intervalMs: MINUTE_MS }, { documents, clock, random: HALF });

const budgeted = (answer: () => Response, requestBudget: number, documents = createLocalDocuments()) => {
  let requests = 0;
  const budget = openBudget(requestBudget, documents);
  const fetch = async () => {
    requests += 1;
    return answer();
  };
  return {
    begin: (host: string) => waitOf(budget.begin(host)),
    ask: (host: string, url = `https://${host}/v2/`) =>
      waitOf(createCountedFetch(fetch, budget.requestsTo(host), clock)(url)),
    count: () => requests,
  };
};

const waitOf = async (work: Promise<unknown>): Promise<number | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: "REGISTRY_BUDGET_SPENT", disposition: "retry" });
    return error instanceof PipelineError ? error.retryAfterMs : undefined;
  }
};

describe("the sweeps of a registry", () => {
  const ok = () => new Response("{}");

  test("begin until its budget is used up, and are told when to come back, jittered upwards", async () => {
    const { begin, ask } = budgeted(ok, 2);
    for (const host of ["a", "b"]) {
      for (let request = 0; request < 2; request++) {
        expect(await begin(host)).toBeUndefined();
        expect(await ask(host)).toBeUndefined();
      }
      expect(await begin(host)).toBe(1.05 * MINUTE_MS);
    }
    nowMs += MINUTE_MS;
    expect(await begin("a")).toBeUndefined();
  });

  test("end once they were begun, and what they took too many is missing in the windows that follow", async () => {
    const documents = createLocalDocuments();
    const [one, other] = [budgeted(ok, 2, documents), budgeted(ok, 2, documents)];
    expect(await one.begin(HOST)).toBeUndefined();
    for (let request = 0; request < 7; request++) expect(await one.ask(HOST)).toBeUndefined();
    expect(one.count()).toBe(7);
    // Windows of 2: two of them pay for the five too many and half of a third, whose other half is for who comes first.
    for (const waits of [
      [true, true],
      [true, true],
      [true, true],
      [false, true],
    ]) {
      const told = [await one.begin(HOST), await other.begin(HOST)];
      expect(told.map((waitMs) => waitMs !== undefined)).toEqual(waits);
      nowMs += MINUTE_MS;
    }
  });

  test("are forgiven what windows that nobody used would have paid for", async () => {
    const { begin, ask } = budgeted(ok, 2);
    for (let request = 0; request < 7; request++) await ask(HOST);
    expect(await begin(HOST)).toBeGreaterThan(0);
    nowMs += 3 * MINUTE_MS;
    expect(await begin(HOST)).toBeUndefined();
  });

  test("share it with other instances", async () => {
    const documents = createLocalDocuments();
    const [one, other] = [budgeted(ok, 1, documents), budgeted(ok, 1, documents)];
    await one.ask(HOST);
    expect(await other.begin(HOST)).toBeGreaterThan(0);
  });

  // Else a registry could use up another one's by answering with redirects to it.
  test("are charged to the registry that is swept, wherever a request goes", async () => {
    const { begin, ask } = budgeted(ok, 1);
    await ask("hostile.example", "https://victim.example/v2/");
    expect(await begin("victim.example")).toBeUndefined();
    expect(await begin("hostile.example")).toBeGreaterThan(0);
  });

  test.each([429, 503])("leave it alone when it said so with %i, from every instance", async (status) => {
    const documents = createLocalDocuments();
    const headers = { "retry-after": "120" };
    const one = budgeted(() => new Response("", { status, headers }), 1, documents);
    const other = budgeted(ok, 1, documents);
    expect(await one.ask(HOST)).toBeUndefined();
    for (const instance of [one, other]) {
      expect(await instance.ask(HOST)).toBe(126_000);
      expect(await instance.begin(HOST)).toBe(126_000);
    }
    expect(other.count()).toBe(0);
    expect(await other.begin("other.example")).toBeUndefined();
    nowMs += 120_000;
    expect(await other.begin(HOST)).toBeUndefined();
    expect(await other.ask(HOST)).toBeUndefined();
  });

  test("go on after an answer that names no time", async () => {
    const { ask, begin } = budgeted(() => new Response("", { status: 503 }), 100);
    await ask(HOST);
    expect(await begin(HOST)).toBeUndefined();
  });
});

describe("sweeping a registry within a budget", () => {
  const TAGS = 40;
  const PAGE = 2;
  const { signal } = new AbortController();
  let opened: OpenedRegistry;
  let host = "";
  let server: Registry;

  beforeEach(async () => {
    server = createRegistryServer({ pageSize: PAGE });
    host = await server.listen();
    const client = createClient({ plainHttp: () => true });
    for (const [repository, count] of [
      ["acme/large", TAGS],
      ["acme/small", 1],
    ] as const) {
      const artifact = await pushArtifact(client, { registry: host, repository }, repository);
      for (let tag = 0; tag < count; tag++)
        await client.tagManifest(artifact.repository, artifact.digest, `1.${tag}.0`);
    }
    const settings = {
      mode: "observe",
      clusters: [{ name: "c", manifests: { folder: "." } }],
      registries: { [host]: { plainHttp: true, allowPrivateAddresses: true } },
    };
    const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: "/" });
    opened = createRegistry(config, { secrets: createNodeSecrets({}), clock });
  });
  afterEach(async () => {
    await opened.close();
    await server.close();
  });

  test("looks at all tags of a repository that needs more requests than there are, and at its neighbours", async () => {
    const openForSweep = createSweepRegistry(openBudget(3), (count) => opened.within(count));
    const waiting = new Set(["acme/large", "acme/small"]);
    const found = new Map<string, number>();
    let windows = 0;
    for (; waiting.size > 0 && windows < 20; windows++) {
      for (const repository of waiting) {
        const name = { registry: host, repository };
        const look = async () => {
          const registry = await openForSweep(name);
          found.set(repository, (await Array.fromAsync(registry.listTags(name, signal))).length);
        };
        if ((await waitOf(look())) === undefined) waiting.delete(repository);
      }
      nowMs += MINUTE_MS;
    }
    expect(Object.fromEntries(found)).toEqual({ "acme/large": TAGS, "acme/small": 1 });
    // Twenty pages of the large one are six windows, and two of the seventh's requests.
    expect(windows).toBe(7);
  });

  test("what pushes ask for is not counted", async () => {
    const budget = openBudget(1);
    const openForSweep = createSweepRegistry(budget, (count) => opened.within(count));
    const name = { registry: host, repository: "acme/small" };
    for (let push = 0; push < 3; push++) await opened.reader.resolveTag(name, "1.0.0", signal);
    const sweeping = await openForSweep(name);
    expect(await sweeping.resolveTag(name, "1.0.0", signal)).toBeDefined();
    expect(await waitOf(openForSweep(name))).toBeGreaterThan(0);
    expect(await opened.reader.resolveTag(name, "1.0.0", signal)).toBeDefined();
  });
});
