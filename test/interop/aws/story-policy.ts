import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ACCOUNT, BUCKET, REGION, STAGE } from "../world/aws-stage.ts";
import type { Stage } from "../world/stage.ts";

export const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;

/** A registry of the story, and how it is logged in to. */
export const HOSTS = {
  ecr: ECR_HOST,
  public: "public.ecr.aws",
  /** With a password in Secrets Manager. */
  first: "first.registry.example",
  /** With a password in SSM. */
  second: "second.registry.example",
  /** Google's, which lets in who AWS says that `evaluate` is. */
  google: "europe-west1-docker.pkg.dev",
} as const;

/** Types and names of the Receivers, each of which tells every object. */
export const BOTH = ["generic-hmac", "generic-oidc"];

/** What the cluster's objects select from; object names are the last part. */
export const REPOSITORIES = [
  { registry: HOSTS.ecr, repository: "acme/app" },
  { registry: HOSTS.ecr, repository: "acme/other" },
  { registry: HOSTS.public, repository: "acme/shared" },
  { registry: HOSTS.first, repository: "acme/one" },
  { registry: HOSTS.second, repository: "acme/two" },
  { registry: HOSTS.google, repository: "acme/three" },
] as const;

export const SECRETS = {
  events: `sluice/${STAGE}/sources/distribution`,
  previousEvents: `/sluice/${STAGE}/sources/previous`,
  confirmations: `sluice/${STAGE}/sources/cluster-c`,
  first: `sluice/${STAGE}/registries/first`,
  second: `/sluice/${STAGE}/registries/second`,
  receiver: `sluice/${STAGE}/receivers/token`,
  signing: `/sluice/${STAGE}/receivers/signing`,
  github: `sluice/${STAGE}/redeliveries/github`,
  otherGithub: `/sluice/${STAGE}/redeliveries/other`,
  inputs: `sluice/${STAGE}/inputs/c`,
  previousInputs: `/sluice/${STAGE}/inputs/previous`,
} as const;

/** Google's workload identity provider for this account of AWS. */
export const PROVIDER = "projects/1/locations/global/workloadIdentityPools/sluice/providers/sluice-aws";

export const PULLER = { username: "puller", password: "pull-s3cret" } as const;

export const nameOf = ({ repository }: { readonly repository: string }): string =>
  repository.split("/").at(-1) ?? "";

const toObject = (source: (typeof REPOSITORIES)[number]): unknown => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name: nameOf(source), namespace: "apps" },
  spec: { interval: "60m", url: `oci://${source.registry}/${source.repository}`, ref: { semver: "1.x" } },
});

const toReceiver = (type: string): unknown => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name: type, namespace: "apps" },
  spec: {
    type,
    ...(type === "generic-oidc" ? {} : { secretRef: { name: "token" } }),
    resources: REPOSITORIES.map((source) => ({ kind: "OCIRepository", name: nameOf(source) })),
  },
});

const inside = { plainHttp: true, allowPrivateAddresses: true };

/** What the deployment knows besides registries. */
export interface Neighbours {
  readonly receiverUrl: string;
  readonly githubUrl: string;
}

/** A webhook of GitHub's whose lost deliveries are asked for. */
const toHook = (githubUrl: string, name: string, secret: string): unknown => ({
  name,
  type: "ghcr",
  path: `/events/${name}`,
  secrets: [{ secret: SECRETS.events }],
  redelivery: { hook: `${githubUrl}/orgs/acme/hooks/${name}`, token: { secret } },
});

/** sluice.yaml; `catalog`: of the deployment, which reads the compiled one. */
const toConfig = (
  stage: Stage,
  { receiverUrl, githubUrl }: Neighbours,
  from: "manifests" | "catalog",
): unknown => ({
  mode: "enforce",
  ...(from === "catalog" ? { catalog: { object: `s3://${BUCKET}/catalog.json` } } : {}),
  sources: [
    {
      type: "distribution",
      registry: ECR_HOST,
      secrets: [{ secret: SECRETS.events }, { secret: SECRETS.previousEvents }],
    },
    toHook(githubUrl, "github", SECRETS.github),
    toHook(githubUrl, "other", SECRETS.otherGithub),
  ],
  trustedRoots: { default: "./trusted_root.json" },
  rules: Object.values(HOSTS).map((host) => ({
    repositories: `${host}/acme/**`,
    identities: [
      { issuer: `^${stage.release.issuer}$`, subject: String.raw`^https://github\.com/acme/app/` },
    ],
  })),
  registries: {
    [HOSTS.ecr]: inside,
    [HOSTS.public]: inside,
    [HOSTS.first]: {
      ...inside,
      credentials: { username: PULLER.username, password: { secret: SECRETS.first } },
    },
    [HOSTS.second]: {
      ...inside,
      credentials: { username: PULLER.username, password: { secret: SECRETS.second } },
    },
    [HOSTS.google]: { ...inside, credentials: { google: { provider: PROVIDER } } },
  },
  limits: { receiverTimeout: "2s" },
  sweep: { interval: "1m" },
  network: { allowPrivate: ["127.0.0.0/8"] },
  clusters: [
    {
      name: "c",
      ...(from === "manifests" ? { manifests: { folder: "./manifests" } } : {}),
      receiver: {
        baseUrl: receiverUrl,
        token: { secret: SECRETS.receiver },
        audience: "flux-c",
        signingKey: { secret: SECRETS.signing },
        allowPrivateAddresses: true,
      },
      inputs: {
        tokens: [{ secret: SECRETS.inputs }, { secret: SECRETS.previousInputs }],
        repositories: [`${HOSTS.ecr}/acme/app`],
      },
      // Longer than the story: nothing is poked again while it runs.
      confirmation: { secrets: [{ secret: SECRETS.confirmations }], within: "1h" },
    },
  ],
});

/** The deployment's sluice.yaml. */
export const toDeployedConfig = (stage: Stage, neighbours: Neighbours): unknown =>
  toConfig(stage, neighbours, "catalog");

/** `sluice compile` over the manifests, without those objects, as a pipeline would run it before it uploads the catalog. */
export const compileCatalog = async (
  stage: Stage,
  neighbours: Neighbours,
  without: readonly string[] = [],
): Promise<string> => {
  const folder = join(stage.world.folder, "policy");
  await mkdir(join(folder, "manifests"), { recursive: true });
  const kept = REPOSITORIES.filter((source) => !without.includes(nameOf(source)));
  const items = [...kept.map(toObject), toReceiver("generic-hmac"), toReceiver("generic-oidc")];
  const list = { apiVersion: "v1", kind: "List", items };
  await writeFile(join(folder, "manifests", "all.json"), JSON.stringify(list));
  await copyFile(stage.sigstore.trustedRootFile, join(folder, "trusted_root.json"));
  await writeFile(join(folder, "sluice.yaml"), JSON.stringify(toConfig(stage, neighbours, "manifests")));
  const args = ["compile", "--config", join(folder, "sluice.yaml"), "--output", join(folder, "catalog.json")];
  const { code, output } = await stage.sluice.run(args);
  if (code !== 0) throw new Error(`sluice compile ended with ${code}:\n${output}`);
  return readFile(join(folder, "catalog.json"), "utf8");
};
