import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LocalRuntime, startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import type { DecisionRecord } from "../../../shared/state.ts";
import type { Stage } from "./stage.ts";
import { freePort } from "./world.ts";

const SECRET = "events-s3cret";
/** Before the first look by the clock would come (15 s), so that only an event can have woken it. */
const FINAL_TIMEOUT_MS = 12_000;
const SHORT_DEADLINE = "2s";

/** Repositories whose evidence never comes in time. */
export const SHORT = ["never", "after"] as const;

/** Where a registry sends its events. */
export interface Notified {
  readonly url: string;
  readonly authorization: string;
}

/** A running Sluice that observes one registry, and what it decided. */
export interface EvidenceStory {
  readonly host: string;
  readonly keyFile: string;
  readonly configFile: string;
  /** All decisions on one object, in order. */
  decisions(repository: string): Promise<readonly DecisionRecord[]>;
  /** Waits for a decision with this outcome. */
  decided(repository: string, outcome: DecisionRecord["outcome"]): Promise<DecisionRecord>;
}

const toObject = (host: string, path: string): unknown => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name: path.replaceAll("/", "-"), namespace: "apps" },
  spec: {
    interval: "60m",
    insecure: true,
    url: `oci://${host}/acme/${path}`,
    ref: { semver: "1.x" },
    verify: { provider: "cosign", secretRef: { name: "keys" } },
  },
});

const toReceiver = (): unknown => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name: "sluice", namespace: "apps" },
  spec: {
    type: "generic-hmac",
    secretRef: { name: "token" },
    resources: [
      { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "OCIRepository", name: "*", matchLabels: {} },
    ],
  },
});

/** Starts Sluice, in observe mode, for a registry that `startRegistry` points at it. */
export const startEvidenceStory = async (
  stage: Stage,
  source: { readonly type: "distribution" | "zot"; readonly name: string },
  repositories: readonly string[],
  startRegistry: (notified: Notified) => Promise<{ readonly host: string }>,
): Promise<EvidenceStory> => {
  const port = await freePort();
  const { name, type } = source;
  const authorization = `Bearer ${SECRET}`;
  const { host } = await startRegistry({ url: `http://127.0.0.1:${port}/events/${type}`, authorization });
  const folder = join(stage.world.folder, name);
  await mkdir(join(folder, "manifests"), { recursive: true });
  await mkdir(join(folder, "secrets/apps/keys"), { recursive: true });
  const key = await stage.cosign(3).generateKeyPair(name);
  await writeFile(join(folder, "secrets/apps/keys/cosign.pub"), await readFile(key.publicKeyFile));
  const items = [...repositories.map((path) => toObject(host, path)), toReceiver()];
  await writeFile(
    join(folder, "manifests/all.json"),
    JSON.stringify({ kind: "List", apiVersion: "v1", items }),
  );
  const keys = [key.publicKeyFile];
  const settings = {
    mode: "observe",
    listen: { port },
    state: { path: "./sluice.db" },
    clusters: [{ name: "c", manifests: { folder: "./manifests" }, secrets: "./secrets" }],
    // zot names no host in its events.
    sources: [{ type, registry: host, secrets: [{ env: "SECRET" }] }],
    evidence: { deadline: "10m" },
    rules: SHORT.map((path) => ({
      repositories: `${host}/acme/${path}`,
      keys,
      evidence: { deadline: SHORT_DEADLINE },
    })),
    registries: { [host]: { plainHttp: true, allowPrivateAddresses: true } },
  };
  const text = JSON.stringify(settings);
  const configFile = join(folder, "sluice.yaml");
  await writeFile(configFile, text);
  const config = parseConfig(text, { file: "sluice.yaml", baseFolder: folder });
  const runtime: LocalRuntime = await startLocalRuntime(config, { env: { SECRET }, log: () => {} });
  stage.world.atEnd(() => runtime.stop());

  const decisions: EvidenceStory["decisions"] = async (path) => {
    const subscription = `c/OCIRepository/apps/${path.replaceAll("/", "-")}`;
    const records = await runtime.state.records({ subscription, limit: 1_000 });
    return records.filter((record) => record.kind === "decision");
  };
  return {
    host,
    keyFile: key.privateKeyFile,
    configFile,
    decisions,
    async decided(path, outcome) {
      const endMs = Date.now() + FINAL_TIMEOUT_MS;
      for (;;) {
        const found = (await decisions(path)).find((record) => record.outcome === outcome);
        if (found !== undefined) return found;
        if (Date.now() > endMs) {
          const so = (await decisions(path)).map((record) => `${record.outcome}: ${record.reason}`);
          throw new Error(`${path} has no ${outcome}, only ${JSON.stringify(so)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
};
