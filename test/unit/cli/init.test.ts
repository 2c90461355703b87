import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPolicyPorts } from "../../../functions/local/policy-ports.ts";
import { createInitCommand } from "../../../shared/cli/commands/init.ts";
import { createPlanCommand } from "../../../shared/cli/commands/plan.ts";
import { draftConfig } from "../../../shared/cli/init/draft-config.ts";
import { parseConfig } from "../../../shared/config.ts";
import { createCatalog } from "../../../shared/policy/catalog/catalog.ts";
import { runSluice } from "../../support/cli.ts";
import { startClusterApi, toSecret } from "../../support/cluster-api.ts";
import { compileText } from "../policy/compile-text.ts";

const PEM = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";
const ports = createPolicyPorts({});
const commands = [createInitCommand(ports), createPlanCommand(ports)];
const host = "registry.example.com";

let folder = "";

const sluice = (...argv: readonly string[]) => runSluice(argv, { commands, cwd: folder });

const ociRepository = (name: string, url: string, ref: string): string => `---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: ${name}, namespace: apps}
spec: {interval: 1h, url: "oci://${url}", ref: ${ref}}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-init-"));
  await mkdir(join(folder, "apps"));
  const objects = ["a", "b", "c", "d"].map((name) => ociRepository(name, `${host}/acme/app`, "{tag: main}"));
  await writeFile(join(folder, "apps", "apps.yaml"), objects.join(""));
});

afterAll(() => rm(folder, { recursive: true }));

describe("init", () => {
  test("writes a file that is valid, follows what is there, and sends nothing", async () => {
    const { code, stdout } = await sluice("init", "--manifests", "apps", "--config", "new.yaml");
    expect([code, stdout]).toEqual([0, "wrote new.yaml for 4 objects, in observe mode. Next: sluice plan\n"]);
    const text = await readFile(join(folder, "new.yaml"), "utf8");
    const config = parseConfig(text, { file: "new.yaml", baseFolder: folder });
    expect(config).toMatchObject({
      mode: "observe",
      clusters: [{ name: "production", manifests: { folder: join(folder, "apps") } }],
    });
    expect(text).toContain(`#       - "${host}/acme/app"\n`);
    expect((await sluice("plan", "--config", "new.yaml", "--offline")).code).toBe(0);
  });

  test("does not replace a file unless told to", async () => {
    const again = ["init", "--manifests", "apps", "--config", "again.yaml"];
    expect((await sluice(...again)).code).toBe(0);
    expect(await sluice(...again)).toMatchObject({
      code: 2,
      stderr: "sluice: again.yaml is there already; replace it with --force\n",
    });
    expect((await sluice(...again, "--force")).code).toBe(0);
  });

  test.each([
    ["ghcr.io", "ghcr"],
    ["docker.io", "dockerhub"],
    ["quay.io", "quay"],
    ["acme.azurecr.io", "acr-webhook"],
    ["eu-docker.pkg.dev", "gar"],
    ["eu.gcr.io", "gar"],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "ecr"],
    ["public.ecr.aws", "ecr"],
    ["registry.example.com:5000", "distribution"],
    ["evil-ghcr.io", "distribution"],
    ["localhost:5000", "distribution"],
  ])("objects on %s need a source of type %s", async (pulled, type) => {
    const name = `host-${pulled.replaceAll(/[^a-z0-9]/g, "-")}`;
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "a.yaml"), ociRepository("a", `${pulled}/acme/app`, "{tag: a}"));
    const { stdout } = await sluice("init", "--manifests", name, "--print", "--cluster", "b");
    const { sources, clusters } = parseConfig(stdout, { file: "x", baseFolder: folder });
    expect([sources.map((source) => source.type), clusters[0]?.name]).toEqual([[type], "b"]);
  });

  test.each([
    [["--manifests", "apps", "--cluster", "Big City"], "--cluster Big City"],
    [["--manifests", "no-such-folder"], "no-such-folder: cannot be read"],
    [["--kubeconfig", "no-such-file"], "no access to a cluster"],
    [["--in-cluster"], "no access to a cluster by the service account"],
    [[], "write one of --manifests FOLDER, --kubeconfig FILE and --in-cluster"],
    [["--manifests", "apps", "--in-cluster"], "write one of"],
    [["--manifests", "apps", "--context", "c"], "--context belongs to --kubeconfig"],
  ])("%j is refused", async (argv, message) => {
    const run = await sluice("init", ...argv, "--config", "refused.yaml");
    expect([run.code, run.stderr.split("\n").length]).toEqual([2, 2]);
    expect(run.stderr).toContain(message);
  });

  test.each([
    [
      "nothing at all",
      [],
      /name the folder of the rendered manifests, as `flux build kustomization` prints them$/,
    ],
    ["no Flux object", ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"], /name the folder/],
    ["nothing readable", ["a: [\n"], /the first error: .*a\.yaml:\d+: /],
  ])("a folder with %s is said what was looked for, and no file is written", async (_, texts, next) => {
    await mkdir(join(folder, "empty"), { recursive: true });
    for (const text of texts) await writeFile(join(folder, "empty", "a.yaml"), text);
    const run = await sluice("init", "--manifests", "empty", "--config", "none.yaml");
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /^sluice: empty: holds no object that selects from a registry \(looked for OCI/,
    );
    expect(run.stderr.trimEnd()).toMatch(next);
    await expect(readFile(join(folder, "none.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("reads a running cluster, older API versions and its Secrets included", async () => {
    const item = (name: string, verify = {}) => ({
      metadata: { name, namespace: "apps" },
      spec: { url: "oci://ghcr.io/acme/app", ...verify },
    });
    const base = "/apis/source.toolkit.fluxcd.io/v1beta2";
    const items = [item("plain"), item("keyed", { verify: { secretRef: { name: "keys" } } })];
    const list = {
      apiVersion: "source.toolkit.fluxcd.io/v1beta2",
      kind: "OCIRepositoryList",
      items,
      metadata: {},
    };
    const answers: Readonly<Record<string, unknown>> = {
      "/apis": { groups: [{ name: "source.toolkit.fluxcd.io", versions: [{ version: "v1beta2" }] }] },
      [`${base}/ocirepositories?limit=500`]: list,
      "/api/v1/namespaces/apps/secrets/keys": toSecret({ "cosign.pub": PEM }),
    };
    const cluster = await startClusterApi(folder, "t0ken", (request, response) => {
      const answer = answers[request.url ?? ""];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}));
    });
    try {
      const argv = ["--kubeconfig", "config", "--context", "c", "--config", "sub/live.yaml"];
      await mkdir(join(folder, "sub"));
      const { code, stdout } = await sluice("init", ...argv);
      expect([code, stdout]).toEqual([
        0,
        "wrote sub/live.yaml for 2 objects, in observe mode. Next: sluice plan\n",
      ]);
      const text = await readFile(join(folder, "sub", "live.yaml"), "utf8");
      const { clusters } = parseConfig(text, { file: "x", baseFolder: join(folder, "sub") });
      expect(clusters[0]?.manifests).toMatchObject({
        kind: "kubeconfig",
        path: cluster.kubeconfig,
        context: "c",
      });
      const plan = await sluice("plan", "--offline", "--json", "--config", "sub/live.yaml");
      expect(
        JSON.parse(plan.stdout).objects.map(({ object, signedBy }: Record<string, unknown>) => [
          object,
          signedBy,
        ]),
      ).toEqual([
        ["OCIRepository/apps/keyed", [{ origin: "object", who: "a key" }]],
        ["OCIRepository/apps/plain", []],
      ]);
    } finally {
      await cluster.close();
    }
  });

  test("--in-cluster is written as such", () => {
    const catalog = createCatalog(compileText(""));
    const text = draftConfig({ cluster: "a", manifests: { inCluster: true }, catalog });
    const { clusters } = parseConfig(text, { file: "x", baseFolder: folder });
    expect(clusters[0]?.manifests.kind).toBe("in-cluster");
  });
});
