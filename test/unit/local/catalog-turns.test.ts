import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCatalogLoader } from "../../../functions/wiring/policy/catalog-loader.ts";
import type { LoadCatalog } from "../../../functions/wiring/policy/catalogs.ts";
import { createTakeInTurns } from "../../../functions/wiring/policy/take-in-turns.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { Steps } from "../../../shared/policy/steps.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";

const OBJECTS = 3_000;
/** Far fewer than it takes: each turn lasts for a handful of objects. */
const TURNS = 20;

const toManifest = (at: number, range = ">=1.0.0"): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app-${at}, namespace: apps }
spec:
  interval: 60m
  url: oci://registry.test/acme/app-${at}
  ref: { semver: "${range}" }
  verify: { provider: cosign, matchOIDCIdentity: [{ issuer: "^i$", subject: "^(s|t-${at})$" }] }
`;

describe("thousands of manifests", () => {
  let folder = "";
  let load: LoadCatalog;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-turns-"));
    const config = parseConfig(`{mode: observe, clusters: [{name: c, manifests: {folder: ${folder}}}]}`, {
      file: "sluice.yaml",
      baseFolder: folder,
    });
    const clock = { nowMs: Date.now };
    const artifacts = {
      registry: createMemoryRegistry(),
      verifier: { verify: () => Promise.reject(new Error("nothing is signed here")) },
      secrets: createNodeSecrets({}),
      clock,
    };
    load = await createCatalogLoader(config, { artifacts: async () => artifacts, clock });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  const write = (change: (at: number) => string) =>
    writeFile(join(folder, "all.yaml"), Array.from({ length: OBJECTS }, (_, at) => change(at)).join("---\n"));

  /** How often the loop got its turn because the loader gave it one. */
  const loadCounting = async (): Promise<{ readonly turns: number; readonly subscriptions: number }> => {
    const given = vi.spyOn(globalThis, "setImmediate");
    const loaded = await load();
    const turns = given.mock.calls.length;
    given.mockRestore();
    if (loaded === "unchanged") throw new Error("nothing was read");
    return { turns, subscriptions: [...loaded.catalog.subscriptions()].length };
  };

  test("are read and compiled with turns for others in between, the first time and again", async () => {
    await write((at) => toManifest(at));
    const first = await loadCounting();
    expect(first.subscriptions).toBe(OBJECTS);
    expect(first.turns).toBeGreaterThan(TURNS);
    await write((at) => toManifest(at, ">=2.0.0"));
    const again = await loadCounting();
    expect(again.subscriptions).toBe(OBJECTS);
    expect(again.turns).toBeGreaterThan(TURNS);
  });
});

describe("steps in turns", () => {
  const countTo = function* (count: number, seen: string[], name: string): Steps<string> {
    for (let at = 0; at < count; at++) {
      seen.push(name);
      yield;
    }
    return name;
  };

  test("are taken one work after the other, each from its first step to its last", async () => {
    const take = createTakeInTurns();
    const seen: string[] = [];
    const names = await Promise.all([take(countTo(3, seen, "a")), take(countTo(2, seen, "b"))]);
    expect([names, seen]).toEqual([
      ["a", "b"],
      ["a", "a", "a", "b", "b"],
    ]);
  });

  test("that fail keep nobody behind them from theirs", async () => {
    const take = createTakeInTurns();
    const failing = function* (): Steps<never> {
      yield;
      throw new Error("planted");
    };
    const failed = take(failing());
    const next = take(countTo(1, [], "next"));
    await expect(failed).rejects.toThrow("planted");
    expect(await next).toBe("next");
  });

  test("that never end leave turns to others", async () => {
    const take = createTakeInTurns();
    let going = true;
    const endless = function* (): Steps<void> {
      while (going) yield;
    };
    const ended = take(endless());
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => void setImmediate(resolve));
    going = false;
    await ended;
  });
});
