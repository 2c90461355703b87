import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type GoogleCloud, openGoogleCloud } from "../../../functions/gcp/runtime.ts";
import { type ReceiverDouble, startReceiverDouble } from "../../../functions/local/playground/receiver.ts";
import { packageFunctions } from "../../../infra/gcp/package.ts";
import { createMetadataAccessToken } from "../../../shared/adapters/gcp/metadata-server.ts";
import { startServiceDouble } from "../../support/service-double.ts";
import { startGate } from "../world/gate.ts";
import { type GitHub, startGitHub } from "../world/github.ts";
import { type OidcIssuer, startOidcIssuer } from "../world/oidc-issuer.ts";
import { type Stage, startStage } from "../world/stage.ts";
import type { World } from "../world/world.ts";
import { type MeteredParts, meterParts } from "./billed.ts";
import { startCloudTasksDouble } from "./cloud-tasks-double.ts";
import {
  createPubSub,
  type FunctionName,
  type HostedFunction,
  hostFunction,
  NAMES,
  type Parts,
  packaged,
  toEnvironment,
} from "./deployment.ts";
import { startFirestore, startPubSub } from "./emulators.ts";

export const RECEIVER_TOKEN = "receiver-t0ken";
export const INPUTS_TOKEN = "inputs-t0ken";
export const GITHUB_SECRET = "github-s3cret";
export const PUSH_AUDIENCE = "https://sluice.example/events/gar";
export const PUSH_ACCOUNT = "pubsub-push@acme.iam.gserviceaccount.com";
const IDENTITY_AUDIENCE = "flux.prod.example";

/** A proxy in front of the registry that can hold requests back, so that a function dies with one under way. */
export interface Valve {
  readonly host: string;
  hold(held: boolean): void;
  readonly waiting: () => number;
}

const startValve = async (world: World, target: string): Promise<Valve> => {
  let held = false;
  let waiting = 0;
  const server = createServer(async (request, response) => {
    if (held) {
      waiting += 1;
      return;
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !["host", "connection"].includes(name)),
    ) as Record<string, string>;
    const method = request.method ?? "GET";
    const answer = await fetch(`http://${target}${request.url}`, { method, headers });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  world.atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting: () => waiting,
    hold: (now) => {
      held = now;
      waiting = 0;
    },
  };
};

const oci = (name: string, host: string, issuer: string): unknown => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name, namespace: "apps" },
  spec: {
    interval: "60m",
    insecure: true,
    // Two objects follow the same one.
    url: `oci://${host}/acme/${name.replace(/-again$/, "")}`,
    ref: { semver: ">=1.0.0 <2.0.0" },
    verify: {
      provider: "cosign",
      trustedRootSecretRef: { name: "root" },
      matchOIDCIdentity: [{ issuer: `^${issuer}$`, subject: "^https://github\\.com/acme/app/" }],
    },
  },
});

const receiverObject = (name: string, type: string, resource: string): unknown => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name, namespace: "apps" },
  spec: {
    type,
    ...(type === "generic-hmac" ? { secretRef: { name: "token" } } : {}),
    resources: [{ kind: "OCIRepository", name: resource }],
  },
});

export const REPOSITORIES = [
  "app",
  "unsigned",
  "held",
  "by-oidc",
  "crash",
  "cut-off",
  "mended",
  "counted",
  "pair",
  "pair-again",
] as const;

const writeConfig = async (
  folder: string,
  { stage, valve, issuer }: Pick<GcpWorld, "stage" | "valve" | "issuer">,
  { receiverUrl, githubUrl }: { readonly receiverUrl: string; readonly githubUrl: string },
): Promise<void> => {
  await mkdir(join(folder, "manifests"), { recursive: true });
  const items = [
    ...REPOSITORIES.map((name) => oci(name, valve.host, stage.sigstore.issuer)),
    ...REPOSITORIES.map((name) =>
      receiverObject(`to-${name}`, name === "by-oidc" ? "generic-oidc" : "generic-hmac", name),
    ),
  ];
  await writeFile(
    join(folder, "manifests/all.json"),
    JSON.stringify({ kind: "List", apiVersion: "v1", items }),
  );
  const config = {
    mode: "enforce",
    clusters: [
      {
        name: "c",
        manifests: { folder: "./manifests" },
        secrets: { "apps/root": { "trusted_root.json": stage.sigstore.trustedRootFile } },
        receiver: {
          baseUrl: receiverUrl,
          token: { secret: "flux-token" },
          audience: IDENTITY_AUDIENCE,
          allowPrivateAddresses: true,
        },
        inputs: { tokens: [{ secret: "inputs-token" }], repositories: [`${valve.host}/acme/app`] },
      },
    ],
    sources: [
      {
        type: "gar",
        audience: PUSH_AUDIENCE,
        email: PUSH_ACCOUNT,
        issuer: issuer.url,
        keysUrl: `${issuer.url}/keys`,
      },
      {
        type: "ghcr",
        secrets: [{ secret: "github-events" }],
        redelivery: { hook: `${githubUrl}/orgs/acme/hooks/1`, token: { secret: "github-token" } },
      },
    ],
    trustedRoots: { default: stage.sigstore.trustedRootFile },
    evidence: { deadline: "60s" },
    rules: [
      {
        repositories: `${valve.host}/acme/unsigned`,
        identities: [{ issuer: `^${stage.sigstore.issuer}$`, subject: "^https://github\\.com/acme/app/" }],
        evidence: { deadline: "4s" },
      },
    ],
    sweep: { interval: "10s" },
    network: { allowPrivate: ["127.0.0.0/8"] },
    registries: { [valve.host]: { plainHttp: true, allowPrivateAddresses: true } },
  };
  await writeFile(join(folder, "sluice.yaml"), JSON.stringify(config));
};

export interface GcpWorld {
  readonly stage: Stage;
  readonly receiver: ReceiverDouble;
  /** While its answers get lost, the receiver gets requests all the same; with a `status`, that is the answer, and it gets none. */
  readonly trouble: { loseAnswers: boolean; status?: number | undefined };
  /** What Secret Manager holds, by name. */
  readonly secrets: Map<string, string>;
  readonly configFile: string;
  readonly github: GitHub;
  readonly issuer: OidcIssuer;
  readonly valve: Valve;
  readonly parts: Parts;
  readonly functions: Readonly<Record<FunctionName, HostedFunction>>;
  /** What the functions that work for each push ask of Firestore and Pub/Sub. */
  readonly meters: Readonly<Record<"evaluate" | "deliver", MeteredParts>>;
  /** The deployment as an operator sees it. */
  readonly cloud: GoogleCloud;
  publish(topic: string, data: string): Promise<void>;
}

/** A whole deployment: its functions as processes, Google's emulators, a registry, cosign, and a receiver. */
export const startGcpWorld = async (): Promise<GcpWorld> => {
  const stage = await startStage();
  const { world } = stage;
  const [receiver, issuer, valve, cloudTasks, pubsub, firestore] = await Promise.all([
    startReceiverDouble(),
    startOidcIssuer(world),
    startValve(world, stage.host("referrers")),
    startCloudTasksDouble(world),
    startPubSub(world),
    startFirestore(world),
  ]);
  world.atEnd(() => receiver.close());
  const trouble: GcpWorld["trouble"] = { loseAnswers: false };
  const passage = () => {
    if (trouble.status !== undefined) return { status: trouble.status };
    return trouble.loseAnswers ? "lose-answer" : "forward";
  };
  const [gate, github] = await Promise.all([startGate(world, receiver.url, passage), startGitHub(world)]);
  const secrets = new Map([
    ["flux-token", RECEIVER_TOKEN],
    ["inputs-token", INPUTS_TOKEN],
    ["github-events", GITHUB_SECRET],
    ["github-token", "github-t0ken"],
  ]);
  const google = await startServiceDouble(({ target }) => {
    const { pathname, searchParams } = new URL(target, "http://google");
    const secret = secrets.get(/\/secrets\/([\w-]+)\/versions\/latest:access$/.exec(pathname)?.[1] ?? "");
    if (secret !== undefined)
      return { body: JSON.stringify({ payload: { data: Buffer.from(secret).toString("base64") } }) };
    const headers = { "metadata-flavor": "Google" };
    if (pathname.endsWith("/identity"))
      return { headers, body: issuer.mintRaw({ aud: searchParams.get("audience"), email: "deliver@acme" }) };
    if (pathname.endsWith("/token"))
      return { headers, body: JSON.stringify({ access_token: "t", expires_in: 3_600 }) };
    return { status: 404 };
  });
  world.atEnd(() => google.close());
  for (const name of REPOSITORIES) {
    const common = { namespace: "apps", name: `to-${name}`, resources: [`OCIRepository/apps/${name}`] };
    receiver.register(
      name === "by-oidc"
        ? {
            ...common,
            type: "generic-oidc",
            isTokenValid: (token) => {
              const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
                readonly aud: string;
              };
              return claims.aud === IDENTITY_AUDIENCE;
            },
          }
        : { ...common, type: "generic-hmac", token: RECEIVER_TOKEN },
    );
  }
  const folder = join(world.folder, "gcp");
  await writeConfig(folder, { stage, valve, issuer }, { receiverUrl: gate.url, githubUrl: github.url });
  await packageFunctions(folder, packaged);
  const parts = { pubsub, firestore, cloudTasks, google: google.host };
  const env = toEnvironment(parts);
  const meters = { evaluate: await meterParts(world, parts), deliver: await meterParts(world, parts) };
  const [evaluate, deliver, intake, sweep, inputs] = await Promise.all([
    hostFunction(world, "evaluate", { ...env, ...meters.evaluate.env }),
    hostFunction(world, "deliver", { ...env, ...meters.deliver.env }),
    hostFunction(world, "intake", env),
    hostFunction(world, "sweep", env),
    hostFunction(world, "inputs", env),
  ]);
  await createPubSub(pubsub, { evaluate: evaluate.url, deliver: deliver.url });
  const clock = { nowMs: Date.now };
  const cloud = openGoogleCloud({
    env,
    names: NAMES,
    clock,
    log: () => {},
    token: createMetadataAccessToken({ fetch: globalThis.fetch, nowMs: clock.nowMs, host: google.host }),
  });
  return {
    stage,
    receiver,
    trouble,
    secrets,
    configFile: join(folder, "sluice.yaml"),
    github,
    meters,
    issuer,
    valve,
    parts,
    cloud,
    functions: { evaluate, deliver, intake, sweep, inputs },
    async publish(topic, data) {
      const url = `${pubsub.url}/v1/projects/${NAMES.project}/topics/${topic}:publish`;
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ messages: [{ data: Buffer.from(data).toString("base64") }] });
      const response = await fetch(url, { method: "POST", headers, body });
      if (!response.ok) throw new Error(await response.text());
    },
  };
};
