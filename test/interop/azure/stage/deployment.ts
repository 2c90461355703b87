import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stage } from "../../world/stage.ts";
import { REGISTRY } from "./front.ts";

/** Namespaces whose objects follow the same repository. */
export const PAIR = ["first", "second"] as const;

const toRepository = (namespace: string, name: string, issuer: string): unknown => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name, namespace },
  spec: {
    interval: "60m",
    url: `oci://${REGISTRY}/${name}`,
    ref: { semver: ">=1.0.0 <2.0.0" },
    verify: {
      provider: "cosign",
      trustedRootSecretRef: { name: "root" },
      matchOIDCIdentity: [{ issuer: `^${issuer}$`, subject: "^https://github\\.com/acme/app/" }],
    },
  },
});

const toReceiver = (namespace: string, type: string, name: string): unknown => ({
  apiVersion: "notification.toolkit.fluxcd.io/v1",
  kind: "Receiver",
  metadata: { name: "sluice", namespace },
  spec: {
    type,
    ...(type === "generic-oidc" ? {} : { secretRef: { name: "token" } }),
    resources: [{ kind: "OCIRepository", name }],
  },
});

export interface Neighbours {
  readonly receiverUrl: string;
  readonly issuerUrl: string;
  readonly githubUrl: string;
}

/** The folder that a person deploys from: sluice.yaml, manifests, and the trusted root that they name. */
export const writeDeployment = async (
  { sigstore }: Stage,
  folder: string,
  { receiverUrl, issuerUrl, githubUrl }: Neighbours,
): Promise<string> => {
  await mkdir(join(folder, "manifests"), { recursive: true });
  const items = [
    toRepository("apps", "shop", sigstore.issuer),
    toRepository("team", "worker", sigstore.issuer),
    toReceiver("apps", "generic-hmac", "shop"),
    toReceiver("team", "generic-oidc", "worker"),
    // One repository, followed twice.
    ...PAIR.flatMap((namespace) => [
      toRepository(namespace, "pair", sigstore.issuer),
      toReceiver(namespace, "generic-hmac", "pair"),
    ]),
  ];
  await writeFile(
    join(folder, "manifests/all.json"),
    JSON.stringify({ kind: "List", apiVersion: "v1", items }),
  );
  for (const namespace of ["apps", "team", ...PAIR]) {
    const secret = join(folder, "secrets", namespace, "root");
    await mkdir(secret, { recursive: true });
    await copyFile(sigstore.trustedRootFile, join(secret, "trusted_root.json"));
  }
  await copyFile(sigstore.trustedRootFile, join(folder, "trusted_root.json"));
  const config = {
    mode: "enforce",
    catalog: { file: "./catalog.json" },
    clusters: [
      {
        name: "c",
        manifests: { folder: "./manifests" },
        secrets: "./secrets",
        receiver: {
          baseUrl: receiverUrl,
          token: { secret: "flux-token" },
          audience: "api://flux",
          allowPrivateAddresses: true,
        },
        inputs: { tokens: [{ secret: "inputs-token" }], repositories: [`${REGISTRY}/shop`] },
      },
    ],
    sources: [
      {
        type: "acr-eventgrid",
        audience: "api://sluice",
        issuer: issuerUrl,
        keysUrl: `${issuerUrl}/keys`,
        subscriptionName: "sluice",
      },
      {
        type: "ghcr",
        secrets: [{ secret: "github-events" }],
        redelivery: { hook: `${githubUrl}/orgs/acme/hooks/1`, token: { secret: "github-token" } },
      },
    ],
    trustedRoots: { default: "./trusted_root.json" },
    evidence: { deadline: "5s" },
    // Spreads a sweep over a tenth of this.
    sweep: { interval: "1m" },
    registries: { [REGISTRY]: { allowPrivateAddresses: true } },
    network: { allowPrivate: ["127.0.0.0/8"] },
  };
  const file = join(folder, "sluice.yaml");
  await writeFile(file, JSON.stringify(config));
  return file;
};
