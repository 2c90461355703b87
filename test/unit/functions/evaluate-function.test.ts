import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { openEvaluateFunction, type WorkFunction } from "../../../functions/wiring/functions.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { parseConfig } from "../../../shared/config.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { toJson } from "../../../shared/policy/catalog/catalog-json.ts";
import type { StateStore } from "../../../shared/state.ts";
import { createMemoryQueue } from "../../simulation/memory-queue.ts";
import { createMemoryState } from "../../simulation/memory-state.ts";
import { compileText } from "../policy/compile-text.ts";

const manifests = (registry: string): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: apps }
spec: { interval: 60m, url: "oci://${registry}/acme/app", ref: { semver: "1.x" } }
`;

describe("evaluating under a compiled catalog", () => {
  const server = createRegistry();
  const clock = { nowMs: Date.now };
  let folder = "";
  let registry = "";
  let digest: Digest;
  let state: StateStore;
  let evaluate: WorkFunction;
  const logged: string[] = [];
  /** How often what reads and verifies was opened; the first time it cannot be. */
  let opened = 0;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-evaluate-"));
    registry = await server.listen();
    const client = createClient({ plainHttp: () => true });
    const pushed = await pushArtifact(client, { registry, repository: "acme/app" }, "1.0.0");
    digest = pushed.digest;
    await client.tagManifest(pushed.repository, digest, "1.0.0");
    await writeFile(join(folder, "catalog.json"), toJson(compileText(manifests(registry)), 1));
    const settings = {
      mode: "observe",
      catalog: { file: "./catalog.json" },
      clusters: [{ name: "prod" }],
      rules: [{ repositories: `${registry}/**`, unverified: "allow" }],
      registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
    };
    const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
    state = createMemoryState(clock);
    evaluate = await openEvaluateFunction(config, {
      clock,
      queue: createMemoryQueue(clock),
      state,
      secrets: createNodeSecrets({}),
      log: (name) => logged.push(name),
      toRoots: async (named) => {
        opened += 1;
        // By its own disposition, a push would be dropped.
        if (opened === 1) throw new PipelineError("no such root", { code: "CONFIG_INVALID" });
        return named;
      },
    });
  });
  afterEach(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const run = (repository: string): Promise<void> => {
    const push = { kind: "artifact", source: "zot", registry, repository, tag: "1.0.0", digest } as const;
    const work = { kind: "push", push, receivedAtMs: clock.nowMs(), authenticated: true } as const;
    return evaluate.run(work, AbortSignal.timeout(10_000));
  };

  test("a push that nobody follows needs nothing else; others wait while that cannot be opened", async () => {
    await run("nobody/follows-this");
    expect([opened, logged]).toEqual([0, ["push-unmatched"]]);
    await expect(run("acme/app")).rejects.toMatchObject({
      disposition: "retry",
      message: "not ready: no such root",
    });
    await run("acme/app");
    expect((await state.load("prod/OCIRepository/apps/app")).selection?.tag).toBe("1.0.0");
    expect(opened).toBe(2);
  });
});
