import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FluxCluster } from "./flux.ts";

export const CLUSTER = "c";
/** What the Receivers of one cluster ask for, and who shows it. */
export const AUDIENCE = "sluice-c";
export const SUBJECT = "sluice";
/** The ResourceSetInputProvider that asks Sluice. */
export const PROVIDER = ["apps", "versions"] as const;
const TOKEN_BYTES = 24;

/** What differs from one loop to the other. */
export interface LoopOptions {
  /** Who says that Sluice is Sluice: itself, unless told otherwise. */
  readonly identity?: "issuer" | "tokens";
  /** Serves its versions to flux-operator, which runs as well. */
  readonly inputs?: true;
  /** Default: so long that none happens. */
  readonly sweepInterval?: string;
}

export const makeSecrets = async (folder: string) => {
  await mkdir(folder);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const values = {
    token: randomBytes(TOKEN_BYTES).toString("hex"),
    previous: randomBytes(TOKEN_BYTES).toString("hex"),
    events: randomBytes(TOKEN_BYTES).toString("hex"),
    registry: randomBytes(TOKEN_BYTES).toString("hex"),
    inputs: randomBytes(TOKEN_BYTES).toString("hex"),
    identity: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  const fileOf = (name: keyof typeof values): string => join(folder, name);
  for (const name of Object.keys(values) as (keyof typeof values)[])
    await writeFile(fileOf(name), values[name]);
  return { values, fileOf };
};

export type LoopSecrets = Awaited<ReturnType<typeof makeSecrets>>;

interface LoopConfig {
  readonly cluster: FluxCluster;
  readonly registry: string;
  readonly port: number;
  readonly secrets: LoopSecrets;
  readonly root: string;
  readonly options: LoopOptions;
}

/** sluice.yaml of a loop. */
export const toConfig = ({
  cluster,
  registry,
  port,
  secrets: { fileOf },
  root,
  options: { identity = "issuer", sweepInterval = "1d", inputs },
}: LoopConfig) => ({
  mode: "enforce",
  listen: { host: "127.0.0.1", port },
  state: { path: "./sluice.db" },
  clusters: [
    {
      name: CLUSTER,
      manifests: { kubeconfig: cluster.kubeconfigFile, interval: "1d" },
      receiver: {
        baseUrl: cluster.notification.receiverUrl,
        token: { file: fileOf("token") },
        previousToken: { file: fileOf("previous") },
        audience: AUDIENCE,
        allowPrivateAddresses: true,
        concurrency: 8,
      },
      confirmation: { secrets: [{ file: fileOf("events") }] },
      ...(inputs === undefined
        ? {}
        : { inputs: { tokens: [{ file: fileOf("inputs") }], providers: [PROVIDER.join("/")] } }),
    },
  ],
  sources: [{ type: "distribution", secrets: [{ file: fileOf("registry") }] }],
  identity:
    identity === "tokens"
      ? { tokens: { [AUDIENCE]: { file: fileOf("identity") } } }
      : { issuer: `http://127.0.0.1:${port}`, keys: [{ file: fileOf("identity") }] },
  sweep: { interval: sweepInterval },
  trustedRoots: { default: root },
  evidence: { deadline: "20s" },
  registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
});
