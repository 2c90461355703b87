import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKubernetesApi } from "../../../shared/adapters/node/kubernetes-api.ts";
import {
  listKubernetesManifests,
  readKubernetesSecrets,
} from "../../../shared/adapters/node/kubernetes-manifests.ts";
import { compileCatalog } from "../../../shared/policy/catalog/compile-catalog.ts";
import { listNamedSecrets } from "../../../shared/policy/catalog/named-secrets.ts";
import { SERVED_RESOURCES } from "../../../shared/policy/manifest/kinds.ts";
import { readManifests } from "../../../shared/policy/manifest/read-manifests.ts";
import { type ClusterApi, startClusterApi, toSecret } from "../../support/cluster-api.ts";

const PEM = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";
const TOKEN = "a-token-of-the-cluster";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const repository = (name: string) => ({
  apiVersion: "source.toolkit.fluxcd.io/v1beta2",
  kind: "OCIRepository",
  metadata: { name, namespace: "apps" },
  spec: { url: "oci://ghcr.io/acme/app", verify: { secretRef: { name: "keys" } } },
});

const groups = {
  groups: [
    { name: "source.toolkit.fluxcd.io", versions: [{ version: "v1beta2" }] },
    { name: "apps", versions: [{ version: "v1" }] },
  ],
};

let folder: string;
let answers: Map<string, unknown>;
let asked: string[];
let handle: Handler;
let cluster: ClusterApi;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-kube-"));
  cluster = await startClusterApi(folder, TOKEN, (request, response) => handle(request, response));
  asked = [];
  const base = "/apis/source.toolkit.fluxcd.io/v1beta2";
  answers = new Map<string, unknown>([
    ["/apis", groups],
    [
      `${base}/ocirepositories?limit=500`,
      { kind: "OCIRepositoryList", items: [repository("a")], metadata: { continue: "next page" } },
    ],
    [
      `${base}/ocirepositories?limit=500&continue=next+page`,
      { kind: "OCIRepositoryList", items: [repository("b")], metadata: {} },
    ],
    [
      "/api/v1/namespaces/apps/secrets/keys",
      toSecret({ "cosign.pub": PEM, "cosign.key": "private", token: "x" }),
    ],
  ]);
  handle = (request, response) => {
    asked.push(request.url ?? "");
    const answer = answers.get(request.url ?? "");
    if (request.headers.authorization !== `Bearer ${TOKEN}`) response.writeHead(401).end();
    else if (answer === undefined) response.writeHead(404).end("{}");
    else response.writeHead(200).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  };
});

afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

const access = () => ({ kind: "kubeconfig", path: cluster.kubeconfig }) as const;
const list = (limits?: Parameters<typeof createKubernetesApi>[1]) =>
  listKubernetesManifests(
    createKubernetesApi(access(), limits),
    SERVED_RESOURCES,
    AbortSignal.timeout(10_000),
  );

describe("manifests from a running cluster", () => {
  test("are listed page by page, with the Secrets they name", async () => {
    const { manifests } = readManifests(await list());
    expect(manifests.map(({ ref }) => ref.name)).toEqual(["a", "b"]);
    const named = listNamedSecrets(manifests);
    expect(named).toEqual([{ namespace: "apps", name: "keys" }]);
    const secrets = await readKubernetesSecrets(
      createKubernetesApi(access()),
      named,
      AbortSignal.timeout(10_000),
    );
    // Private keys and tokens are left where they are.
    expect([...secrets.values()].map((data) => Object.keys(data))).toEqual([["cosign.pub"]]);
    const { subscriptions } = compileCatalog({
      clusters: [{ cluster: "prod", manifests }],
      resolveSecret: (_, namespace, name) => secrets.get(`${namespace}/${name}`),
    });
    expect(subscriptions.map(({ rules }) => rules[0]?.keys)).toEqual([[PEM], [PEM]]);
  });

  test("kinds that are not installed are not asked for", async () => {
    await list();
    expect(asked.filter((path) => path.includes("helm.toolkit"))).toEqual([]);
  });

  test("a Secret whose name would be another path is not asked for", async () => {
    const names = ["..", "../../apis", "a/b", "a?b", "A", ""].map((name) => ({ namespace: "apps", name }));
    const api = createKubernetesApi(access());
    expect((await readKubernetesSecrets(api, names, AbortSignal.timeout(10_000))).size).toBe(0);
    expect(asked).toEqual([]);
  });

  const refusals: readonly (readonly [string, () => void])[] = [
    ["no JSON", () => answers.set("/apis", "hello")],
    ["JSON that is no object", () => answers.set("/apis", "[]")],
    [
      "a list without end",
      () => {
        handle = (request, response) => {
          const page = { items: [], metadata: { continue: "again" } };
          response.end(JSON.stringify(request.url === "/apis" ? groups : page));
        };
      },
    ],
    [
      "forbidden",
      () => {
        handle = (_, response) => response.writeHead(403).end();
      },
    ],
    [
      "a broken connection",
      () => {
        handle = (request) => request.socket.destroy();
      },
    ],
    [
      "an endless answer",
      () => {
        handle = (_, response) => {
          const timer = setInterval(() => response.write("x".repeat(100_000)), 1);
          response.on("close", () => clearInterval(timer));
        };
      },
    ],
    [
      "no answer",
      () => {
        handle = () => {};
      },
    ],
  ];

  test.each(refusals)("%s is CLUSTER_UNAVAILABLE", async (_, arrange) => {
    arrange();
    const limits = { maxResponseBytes: 1_000_000, timeoutMs: 1_000 };
    await expect(list(limits)).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  });

  test.each([
    ["not there", () => rm(cluster.kubeconfig)],
    ["not a kubeconfig", () => writeFile(cluster.kubeconfig, "hello")],
    ["without the context", () => writeFile(cluster.kubeconfig, "{current-context: x}")],
  ] as const)("a kubeconfig that is %s is CONFIG_INVALID", async (_, arrange) => {
    await arrange();
    expect(() => createKubernetesApi(access())).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
