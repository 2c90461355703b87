import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ReceiverDouble, startReceiverDouble } from "../../../functions/local/playground/receiver.ts";
import { ACCOUNT, type AwsStage, BUCKET, REGION, STAGE, startAwsStage } from "../world/aws-stage.ts";
import { startGate } from "../world/gate.ts";
import { pushImage, readManifest, type StoredManifest } from "../world/images.ts";
import { type Stage, startStage } from "../world/stage.ts";

export const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
export const REPOSITORIES = ["acme/app", "acme/other"] as const;
export const EVENTS_SECRET = "events-s3cret";
const TOKEN = "receiver-t0ken";
const SIGNING_KEY = `whsec_${Buffer.from("a signing key of the story").toString("base64")}`;

const toObject = (repository: string): unknown => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name: repository.split("/").at(-1), namespace: "apps" },
  spec: { interval: "60m", url: `oci://${ECR_HOST}/${repository}`, ref: { semver: "1.x" } },
});

const toReceiver = (type: string): unknown => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name: type, namespace: "apps" },
  spec: {
    type,
    ...(type === "generic-oidc" ? {} : { secretRef: { name: "token" } }),
    resources: REPOSITORIES.map((name) => ({ kind: "OCIRepository", name: name.split("/").at(-1) })),
  },
});

const ALL_OBJECTS = REPOSITORIES.map((name) => `OCIRepository/apps/${name.split("/").at(-1)}`);

/** sluice.yaml of the deployment. */
const toConfig = (stage: Stage, receiverUrl: string, policy: object): unknown => ({
  mode: "enforce",
  ...policy,
  sources: [
    {
      type: "distribution",
      registry: ECR_HOST,
      secrets: [{ secret: `sluice/${STAGE}/sources/distribution` }],
    },
  ],
  trustedRoots: { default: stage.sigstore.trustedRootFile },
  rules: [
    {
      repositories: `${ECR_HOST}/acme/**`,
      identities: [
        { issuer: `^${stage.release.issuer}$`, subject: String.raw`^https://github\.com/acme/app/` },
      ],
    },
  ],
  registries: { [ECR_HOST]: { plainHttp: true, allowPrivateAddresses: true } },
  limits: { receiverTimeout: "2s" },
  sweep: { interval: "1m" },
  clusters: [
    {
      name: "c",
      ...("catalog" in policy ? {} : { manifests: { folder: "./manifests" } }),
      receiver: {
        baseUrl: receiverUrl,
        token: { secret: `sluice/${STAGE}/receivers/token` },
        signingKey: { secret: `/sluice/${STAGE}/receivers/signing` },
        allowPrivateAddresses: true,
      },
    },
  ],
});

/** `sluice compile` over the manifests, as a pipeline would run it before it uploads the catalog. */
const compileCatalog = async (stage: Stage, receiverUrl: string): Promise<string> => {
  const folder = join(stage.world.folder, "policy");
  await mkdir(join(folder, "manifests"), { recursive: true });
  const items = [...REPOSITORIES.map(toObject), toReceiver("generic-hmac"), toReceiver("generic-oidc")];
  const list = { apiVersion: "v1", kind: "List", items };
  await writeFile(join(folder, "manifests", "all.json"), JSON.stringify(list));
  await writeFile(join(folder, "sluice.yaml"), JSON.stringify(toConfig(stage, receiverUrl, {})));
  const args = ["compile", "--config", join(folder, "sluice.yaml"), "--output", join(folder, "catalog.json")];
  const { code, output } = await stage.sluice.run(args);
  if (code !== 0) throw new Error(`sluice compile ended with ${code}:\n${output}`);
  return readFile(join(folder, "catalog.json"), "utf8");
};

/** The registry as ECR shows it: at port 80 of its host, for who logs in as ECR says. */
const openRegistry = async (stage: Stage, isDown: () => boolean) => {
  const login = `Basic ${Buffer.from(`AWS:${ACCOUNT}-auth-token`).toString("base64")}`;
  await startGate(
    stage.world,
    `http://${stage.host("referrers")}`,
    ({ headers, url }) => {
      if (headers.authorization !== login) {
        return { status: 401, headers: { "www-authenticate": `Basic realm="http://${ECR_HOST}/"` } };
      }
      return isDown() && url?.includes("/acme/other/") ? { status: 503 } : "forward";
    },
    80,
  );
};

export interface StoryWorld {
  readonly stage: Stage;
  readonly aws: AwsStage;
  readonly receiver: ReceiverDouble;
  /** The type of the Receiver that a request went to. */
  receiverAt(path: string): string;
  /** What goes wrong now. */
  readonly trouble: { registryDown: boolean; receiverHangs: boolean };
  /** Pushes one version and answers with its digest; signed by acme's release workflow, or not yet. */
  push(repository: string, tag: string): Promise<string>;
  sign(repository: string, digest: string): Promise<void>;
  /** The signature's own digest. */
  referrerOf(repository: string, digest: string): Promise<string>;
}

/** A deployment's surroundings: AWS, ECR with signed images, and a cluster's two Receivers. */
export const startStoryWorld = async (): Promise<StoryWorld> => {
  const stage = await startStage();
  try {
    const trouble = { registryDown: false, receiverHangs: false };
    const aws = await startAwsStage(stage.world);
    const receiver = await startReceiverDouble();
    stage.world.atEnd(() => receiver.close());
    const paths = new Map<string, string>();
    for (const type of ["generic-hmac", "generic-oidc"] as const) {
      const path = receiver.register({
        namespace: "apps",
        name: type,
        type,
        resources: ALL_OBJECTS,
        filter: "objects",
        ...(type === "generic-hmac"
          ? { token: TOKEN }
          : { isTokenValid: (token: string) => token === "token-for-notification-controller" }),
      });
      paths.set(path, type);
    }
    const front = await startGate(stage.world, receiver.url, () =>
      trouble.receiverHangs ? "hang" : "forward",
    );
    await openRegistry(stage, () => trouble.registryDown);
    await aws.putCatalog(await compileCatalog(stage, front.url));
    await aws.writeConfig(toConfig(stage, front.url, { catalog: { object: `s3://${BUCKET}/catalog.json` } }));
    await aws.putSecret(`sluice/${STAGE}/sources/distribution`, EVENTS_SECRET);
    await aws.putSecret(`sluice/${STAGE}/receivers/token`, TOKEN);
    await aws.putParameter(`/sluice/${STAGE}/receivers/signing`, SIGNING_KEY);
    for (const repository of REPOSITORIES) await aws.createRepository(repository);
    const host = stage.host("referrers");
    return {
      stage,
      aws,
      receiver,
      receiverAt: (path) => paths.get(path) ?? path,
      trouble,
      async push(repository, tag) {
        const { digest } = await pushImage({ host, repository, tag, text: `${repository} ${tag}` });
        await aws.putImage(repository, tag, JSON.stringify(await readManifest(host, repository, tag)));
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
    };
  } catch (error) {
    await stage.world.close();
    throw error;
  }
};
