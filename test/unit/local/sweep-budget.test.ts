import { createRegistry as createRegistryServer } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRegistry, type OpenedRegistry } from "../../../functions/common/registry.ts";
import { createBudgetedFetch, createSweepBudget } from "../../../functions/common/sweep-budget.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { createLocalDocuments } from "../../../shared/pipeline/allowance.ts";

let nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs };
const HALF = { fraction: () => 0.5 };
const MINUTE_MS = 60_000;

const budgeted = (answer: () => Response, requestBudget: number, documents = createLocalDocuments()) => {
  let requests = 0;
  const budget = createSweepBudget({ requestBudget, intervalMs: MINUTE_MS }, documents, clock);
  const fetch = createBudgetedFetch(
    async () => {
      requests += 1;
      return answer();
    },
    budget,
    clock,
    HALF,
  );
  return { ask: (url: string) => fetch(url), count: () => requests };
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

describe("the requests of a sweep", () => {
  const ok = () => new Response("{}");

  test("stop at the budget of their host, and say when to come back, jittered upwards", async () => {
    const { ask, count } = budgeted(ok, 2);
    for (const host of ["a", "b"]) {
      expect(await waitOf(ask(`https://${host}/v2/`))).toBeUndefined();
      expect(await waitOf(ask(`https://${host}/v2/`))).toBeUndefined();
      expect(await waitOf(ask(`https://${host}/v2/`))).toBe(1.05 * MINUTE_MS);
    }
    expect(count()).toBe(4);
    nowMs += MINUTE_MS;
    expect(await waitOf(ask("https://a/v2/"))).toBeUndefined();
  });

  test("share it with other instances", async () => {
    const documents = createLocalDocuments();
    const [one, other] = [budgeted(ok, 1, documents), budgeted(ok, 1, documents)];
    await one.ask("https://a/");
    expect(await waitOf(other.ask("https://a/"))).toBeGreaterThan(0);
    expect(other.count()).toBe(0);
  });

  test.each([429, 503])(
    "leave a registry alone that said so with %i, from every instance",
    async (status) => {
      const documents = createLocalDocuments();
      const headers = { "retry-after": "120" };
      const one = budgeted(() => new Response("", { status, headers }), 100, documents);
      const other = budgeted(ok, 100, documents);
      expect((await one.ask("https://a/")).status).toBe(status);
      expect(await waitOf(one.ask("https://a/"))).toBe(126_000);
      expect(await waitOf(other.ask("https://a/"))).toBe(126_000);
      expect(await waitOf(other.ask("https://b/"))).toBeUndefined();
      nowMs += 120_000;
      expect(await waitOf(other.ask("https://a/"))).toBeUndefined();
    },
  );

  test("go on after an answer that names no time", async () => {
    const { ask } = budgeted(() => new Response("", { status: 503 }), 100);
    await ask("https://a/");
    expect(await waitOf(ask("https://a/"))).toBeUndefined();
  });
});

describe("reading a registry within a budget", () => {
  let opened: OpenedRegistry;
  let host = "";
  const server = createRegistryServer();

  beforeEach(async () => {
    host = await server.listen();
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

  test("ends where the budget ends; what pushes ask for has none", async () => {
    const budget = createSweepBudget(
      { requestBudget: 1, intervalMs: MINUTE_MS },
      createLocalDocuments(),
      clock,
    );
    const within = opened.within(budget, HALF);
    const name = { registry: host, repository: "acme/app" };
    const { signal } = new AbortController();
    expect(await within.resolveTag(name, "1", signal)).toBeUndefined();
    expect(await waitOf(within.resolveTag(name, "1", signal))).toBeGreaterThan(0);
    expect(await waitOf(Array.fromAsync(within.listTags(name, signal)))).toBeGreaterThan(0);
    expect(await opened.reader.resolveTag(name, "1", signal)).toBeUndefined();
  });
});
