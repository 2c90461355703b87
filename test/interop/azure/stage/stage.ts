import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { TableClient } from "@azure/data-tables";
import type { QueueClient } from "@azure/storage-queue";
import { poisonOf, QUEUES, TABLES } from "../../../../functions/azure/names.ts";
import { type ReceiverDouble, startReceiverDouble } from "../../../../functions/local/playground/receiver.ts";
import { openQueue } from "../../../../shared/adapters/azure/open-queue.ts";
import { openTable } from "../../../../shared/adapters/azure/open-table.ts";
import { createDocuments } from "../../../../shared/adapters/azure/tables/named.ts";
import { createTableStateStore } from "../../../../shared/adapters/azure/tables/state-store.ts";
import { createTable } from "../../../../shared/adapters/azure/tables/table.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import type { Documents } from "../../../../shared/pipeline/documents.ts";
import type { StateStore } from "../../../../shared/state.ts";
import { createAuthority } from "../../../unit/adapters/certificates.ts";
import { type StorageUris, startAzuriteForTokens } from "../../world/azurite.ts";
import { startGate } from "../../world/gate.ts";
import { type GitHub, startGitHub } from "../../world/github.ts";
import { type OidcIssuer, startOidcIssuer } from "../../world/oidc-issuer.ts";
import { type Stage, startStage } from "../../world/stage.ts";
import { type Apps, createApps } from "./apps.ts";
import { type MeteredStorage, meterStorage } from "./billed.ts";
import { PAIR, writeDeployment } from "./deployment.ts";
import { type Entra, startEntra } from "./entra.ts";
import { type Front, REGISTRY, startFront, TOPIC, VAULT } from "./front.ts";

export const RECEIVER_TOKEN = "receiver-t0ken";
export const INPUTS_TOKEN = "inputs-t0ken";
export const GITHUB_SECRET = "github-s3cret";
const RECEIVER_AUDIENCE = "api://flux";

/** A stage in Azure as far as it can be had on one machine: real registry, cosign and storage, no key of an account. */
export interface AzureStage {
  readonly base: Stage;
  readonly apps: Apps;
  readonly front: Front;
  readonly receiver: ReceiverDouble;
  /** While its answers get lost, the receiver gets requests all the same; with a `status`, that is the answer, and it gets none. */
  readonly trouble: { loseAnswers: boolean; status?: number | undefined };
  /** What is in the vaults, by name. */
  readonly secrets: Record<string, string>;
  readonly github: GitHub;
  /** What the apps that work for each push ask of storage. */
  readonly meters: Readonly<Record<"evaluate" | "deliver", MeteredStorage>>;
  /** Signs what Event Grid says about itself. */
  readonly issuer: OidcIssuer;
  readonly state: StateStore;
  readonly queues: Readonly<Record<"evaluate" | "poison", QueueClient>>;
  readonly deadLetters: TableClient;
  /** What intake counts by. */
  readonly limits: Documents;
  /** What a person who is logged in to `az` has in their environment. */
  readonly operatorEnv: Readonly<Record<string, string>>;
  readonly configFile: string;
}

/** `az`, as far as it gives tokens. */
const writeAz = async (folder: string, entra: Entra): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const resources = [
    "https://storage.azure.com",
    "https://vault.azure.net",
    "https://containerregistry.azure.net",
  ];
  const tokens = Object.fromEntries(resources.map((resource) => [resource, entra.mint(resource)]));
  const script = `#!${process.execPath}
const tokens = ${JSON.stringify(tokens)};
const resource = process.argv[process.argv.indexOf("--resource") + 1];
console.log(JSON.stringify({ accessToken: tokens[resource], expires_on: Math.floor(Date.now() / 1000) + 3000 }));
`;
  await writeFile(join(folder, "az"), script, { mode: 0o755 });
  return folder;
};

export const startAzureStage = async (): Promise<AzureStage> => {
  const base = await startStage();
  const { world } = base;
  try {
    const authority = createAuthority("stage");
    const caFile = join(world.folder, "ca.pem");
    await writeFile(caFile, authority.certificate);
    setDefaultCACertificates([...getCACertificates("default"), authority.certificate]);

    const entra = await startEntra(world);
    const uris = await startAzuriteForTokens(world, authority.issue("localhost"));
    const tokens = async (resource: string) => ({
      value: new Secret(entra.mint(resource)),
      expiresAtMs: Date.now() + 3_600_000,
    });
    const names = Object.values(QUEUES).flatMap((name) => [name, poisonOf(name)]);
    const queues = {
      evaluate: openQueue(uris.queue, QUEUES.evaluate, tokens),
      poison: openQueue(uris.queue, poisonOf(QUEUES.evaluate), tokens),
    };
    const tables = Object.values(TABLES).map((name) => openTable(uris.table, name, tokens));
    await Promise.all([
      ...names.map((name) => openQueue(uris.queue, name, tokens).create()),
      ...tables.map((table) => table.createTable()),
    ]);

    const receiver = await startReceiverDouble();
    world.atEnd(() => receiver.close());
    const trouble: AzureStage["trouble"] = { loseAnswers: false };
    const passage = () => {
      if (trouble.status !== undefined) return { status: trouble.status };
      return trouble.loseAnswers ? "lose-answer" : "forward";
    };
    const [gate, github] = await Promise.all([startGate(world, receiver.url, passage), startGitHub(world)]);
    const tls = authority.issue(REGISTRY, VAULT, TOPIC);
    const secrets: Record<string, string> = {
      "flux-token": RECEIVER_TOKEN,
      "inputs-token": INPUTS_TOKEN,
      "github-events": GITHUB_SECRET,
      "github-token": "github-t0ken",
    };
    const front = await startFront(world, {
      ...tls,
      entra,
      registry: base.host("referrers"),
      secrets,
    });
    receiver.register({
      namespace: "apps",
      name: "sluice",
      type: "generic-hmac",
      token: RECEIVER_TOKEN,
      resources: ["OCIRepository/apps/shop"],
      filter: "objects",
    });
    receiver.register({
      namespace: "team",
      name: "sluice",
      type: "generic-oidc",
      isTokenValid: (token) => entra.resourceOf(token) === RECEIVER_AUDIENCE,
      resources: ["OCIRepository/team/worker"],
      filter: "objects",
    });
    for (const namespace of PAIR) {
      receiver.register({
        namespace,
        name: "sluice",
        type: "generic-hmac",
        token: RECEIVER_TOKEN,
        resources: [`OCIRepository/${namespace}/pair`],
        filter: "objects",
      });
    }
    const issuer = await startOidcIssuer(world);
    const folder = join(world.folder, "deployment");
    const configFile = await writeDeployment(base, folder, {
      receiverUrl: gate.url,
      githubUrl: github.url,
      issuerUrl: issuer.url,
    });
    const compiled = await base.sluice.run([
      "compile",
      "--config",
      configFile,
      "--output",
      join(folder, "catalog.json"),
    ]);
    if (compiled.code !== 0) throw new Error(compiled.output);
    const toStorage = ({ queue, table }: Pick<StorageUris, "queue" | "table">) => ({
      SLUICE_STORAGE__queueServiceUri: queue,
      SLUICE_STORAGE__tableServiceUri: table,
    });
    const meters = {
      evaluate: await meterStorage(world, uris, authority.issue("localhost")),
      deliver: await meterStorage(world, uris, authority.issue("localhost")),
    };
    const settings = {
      ...toStorage(uris),
      SLUICE_KEY_VAULT_URI: `https://${VAULT}/`,
    };
    const env = {
      ...entra.env,
      ...settings,
      SLUICE_STAGE: "e2e",
      SLUICE_EVENT_GRID_ENDPOINT: `https://${TOPIC}/api/events`,
      SLUICE_SWEEP_SCHEDULE: "0 */15 * * * *",
      NODE_EXTRA_CA_CERTS: caFile,
    };
    const apps = await createApps(world, folder, env, {
      evaluate: toStorage(meters.evaluate.uris),
      deliver: toStorage(meters.deliver.uris),
    });
    const [stateTable, deadLetters, limits] = tables;
    if (stateTable === undefined || deadLetters === undefined || limits === undefined)
      throw new Error("no tables");
    return {
      base,
      apps,
      front,
      receiver,
      trouble,
      secrets,
      github,
      meters,
      issuer,
      queues,
      deadLetters,
      limits: createDocuments(createTable(limits)),
      state: createTableStateStore(stateTable, { nowMs: Date.now }),
      configFile,
      operatorEnv: {
        ...settings,
        NODE_EXTRA_CA_CERTS: caFile,
        PATH: `${await writeAz(join(world.folder, "bin"), entra)}:${process.env.PATH}`,
      },
    };
  } catch (error) {
    await world.close();
    throw error;
  }
};
