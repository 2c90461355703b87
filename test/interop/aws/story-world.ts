import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ReceiverDouble, startReceiverDouble } from "../../../functions/local/playground/receiver.ts";
import { createAuthority } from "../../unit/adapters/certificates.ts";
import { toRegistryCall } from "../world/aws-call.ts";
import { ACCOUNT, type AwsStage, PUBLIC_TOKEN, startAwsStage } from "../world/aws-stage.ts";
import { startGate } from "../world/gate.ts";
import { startGitHub } from "../world/github.ts";
import { pushImage, readManifest, type StoredManifest } from "../world/images.ts";
import type { LambdaSpec } from "../world/lambda.ts";
import { type Stage, startStage } from "../world/stage.ts";
import {
  compileCatalog,
  HOSTS,
  nameOf,
  PROVIDER,
  PULLER,
  REPOSITORIES,
  SECRETS,
  toDeployedConfig,
} from "./story-policy.ts";

export const EVENTS_SECRET = "events-s3cret";
export const CONFIRMATIONS_TOKEN = "confirmations-t0ken";
const TOKEN = "receiver-t0ken";
const GOOGLE_STS = "sts.googleapis.com";
const GOOGLE_TOKEN = "google-access-t0ken";

/** What goes wrong now. */
interface Trouble {
  registryDown: boolean;
  receiver: "up" | "down" | "hangs";
  /** What every request to the cluster is answered with; undefined: as `receiver` says. */
  status: number | undefined;
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

const LOGINS: Readonly<Record<string, string>> = {
  [HOSTS.ecr]: basic("AWS", `${ACCOUNT}-auth-token`),
  [HOSTS.public]: `Bearer ${PUBLIC_TOKEN}`,
  [HOSTS.first]: basic(PULLER.username, PULLER.password),
  [HOSTS.second]: basic(PULLER.username, PULLER.password),
  [HOSTS.google]: basic("oauth2accesstoken", GOOGLE_TOKEN),
};

/** The registry as each of the story's hosts shows it at port 80: to who logs in there as it must. */
const openRegistries = (stage: Stage, aws: AwsStage, trouble: Trouble) =>
  startGate(
    stage.world,
    `http://${stage.host("referrers")}`,
    ({ headers, method = "", url = "" }) => {
      const host = headers.host ?? "";
      if (headers.authorization !== LOGINS[host]) {
        const scheme = host === HOSTS.public ? "Bearer" : "Basic";
        return { status: 401, headers: { "www-authenticate": `${scheme} realm="http://${host}/"` } };
      }
      const call = host === HOSTS.ecr ? toRegistryCall(method, url) : undefined;
      if (call !== undefined) aws.note("evaluate", call);
      return trouble.registryDown && url.includes("/acme/other/") ? { status: 503 } : "forward";
    },
    80,
  );

const registerReceivers = (receiver: ReceiverDouble): ReadonlyMap<string, string> => {
  const shared = {
    namespace: "apps",
    resources: REPOSITORIES.map((source) => `OCIRepository/apps/${nameOf(source)}`),
    filter: "objects",
  } as const;
  const isTokenValid = (token: string): boolean => token === "token-for-flux-c";
  return new Map([
    [
      receiver.register({ ...shared, name: "generic-hmac", type: "generic-hmac", token: TOKEN }),
      "generic-hmac",
    ],
    [
      receiver.register({ ...shared, name: "generic-oidc", type: "generic-oidc", isTokenValid }),
      "generic-oidc",
    ],
  ]);
};

/** Google's STS: gives its token for one that AWS made out to this provider, and for nothing else. */
const startGoogleSts = async (stage: Stage): Promise<Partial<LambdaSpec>> => {
  const authority = createAuthority("google");
  const { certificate: cert, key } = authority.issue(GOOGLE_STS);
  const server = createServer({ cert, key }, async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const isOurs =
      form.get("subject_token") === `token-for-https://iam.googleapis.com/${PROVIDER}` &&
      form.get("audience") === `//iam.googleapis.com/${PROVIDER}`;
    const answer = isOurs ? { access_token: GOOGLE_TOKEN, expires_in: 3_600 } : { error: "invalid_grant" };
    response
      .writeHead(isOurs ? 200 : 400, { "content-type": "application/json" })
      .end(JSON.stringify(answer));
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(443, "127.0.0.1", done));
  stage.world.atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const caFile = join(stage.world.folder, "google-ca.pem");
  await writeFile(caFile, authority.certificate);
  return { hosts: [...Object.values(HOSTS), GOOGLE_STS], env: { NODE_EXTRA_CA_CERTS: caFile } };
};

const putSecrets = async (aws: AwsStage): Promise<void> => {
  await aws.putSecret(SECRETS.events, EVENTS_SECRET);
  await aws.putParameter(SECRETS.previousEvents, "previous-s3cret");
  await aws.putSecret(SECRETS.confirmations, CONFIRMATIONS_TOKEN);
  await aws.putSecret(SECRETS.first, PULLER.password);
  await aws.putParameter(SECRETS.second, PULLER.password);
  await aws.putSecret(SECRETS.receiver, TOKEN);
  await aws.putSecret(SECRETS.github, "github-t0ken");
  await aws.putParameter(SECRETS.otherGithub, "other-t0ken");
  await aws.putSecret(SECRETS.inputs, "inputs-t0ken");
  await aws.putParameter(SECRETS.previousInputs, "previous-inputs-t0ken");
  await aws.putParameter(
    SECRETS.signing,
    `whsec_${Buffer.from("a signing key of the story").toString("base64")}`,
  );
};

export interface StoryWorld {
  readonly stage: Stage;
  readonly aws: AwsStage;
  readonly receiver: ReceiverDouble;
  readonly trouble: Trouble;
  /** How `evaluate` reaches registries, and those who let it in there. */
  readonly evaluateSpec: Partial<LambdaSpec>;
  /** What GitHub was asked to send again, by path and login. */
  readonly redelivered: readonly string[];
  /** The type of the Receiver that a request went to. */
  receiverAt(path: string): string;
  /** Pushes one version and answers with its digest; nobody signed it yet. */
  push(repository: string, tag: string): Promise<string>;
  /** As acme's release workflow. */
  sign(repository: string, digest: string): Promise<void>;
  /** The signature's own digest. */
  referrerOf(repository: string, digest: string): Promise<string>;
  /** Uploads a catalog without those objects. */
  changeCatalog(without: readonly string[]): Promise<void>;
}

const createStoryWorld = async (stage: Stage): Promise<StoryWorld> => {
  const trouble: Trouble = { registryDown: false, receiver: "up", status: undefined };
  const aws = await startAwsStage(stage.world);
  const receiver = await startReceiverDouble();
  stage.world.atEnd(() => receiver.close());
  const paths = registerReceivers(receiver);
  const passages = { up: "forward", down: { status: 503 }, hangs: "hang" } as const;
  const front = await startGate(stage.world, receiver.url, () =>
    trouble.status === undefined ? passages[trouble.receiver] : { status: trouble.status },
  );
  await openRegistries(stage, aws, trouble);
  const evaluateSpec = await startGoogleSts(stage);
  const github = await startGitHub(stage.world);
  const neighbours = { receiverUrl: front.url, githubUrl: github.url };
  await aws.putCatalog(await compileCatalog(stage, neighbours));
  await aws.bundle({
    "sluice.yaml": JSON.stringify(toDeployedConfig(stage, neighbours)),
    "trusted_root.json": await readFile(stage.sigstore.trustedRootFile, "utf8"),
  });
  await putSecrets(aws);
  for (const { registry, repository } of REPOSITORIES) {
    if (registry === HOSTS.ecr) await aws.createRepository(repository);
  }
  const host = stage.host("referrers");
  return {
    stage,
    aws,
    receiver,
    trouble,
    evaluateSpec,
    redelivered: github.redelivered,
    receiverAt: (path) => paths.get(path) ?? path,
    async push(repository, tag) {
      const { digest } = await pushImage({ host, repository, tag, text: `${repository} ${tag}` });
      const isEcr = REPOSITORIES.some((one) => one.repository === repository && one.registry === HOSTS.ecr);
      const manifest = JSON.stringify(await readManifest(host, repository, tag));
      if (isEcr) await aws.putImage(repository, tag, manifest);
      return digest;
    },
    sign: (repository, digest) =>
      stage
        .cosign(3)
        .sign(`${host}/${repository}@${digest}`, { format: "bundle", by: { token: stage.token() } }),
    async referrerOf(repository, digest) {
      const response = await fetch(`http://${host}/v2/${repository}/referrers/${digest}`);
      const { manifests } = (await response.json()) as StoredManifest;
      const [first] = manifests ?? [];
      if (first === undefined) throw new Error(`${digest} has no referrer`);
      return first.digest;
    },
    changeCatalog: async (without) => aws.putCatalog(await compileCatalog(stage, neighbours, without)),
  };
};

/** A deployment's surroundings: AWS, registries with signed images, and a cluster's two Receivers. */
export const startStoryWorld = async (): Promise<StoryWorld> => {
  const stage = await startStage();
  try {
    return await createStoryWorld(stage);
  } catch (error) {
    await stage.world.close();
    throw error;
  }
};
