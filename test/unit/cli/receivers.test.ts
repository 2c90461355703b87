import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { createLoadClusters } from "../../../functions/local/policy-ports.ts";
import { createReceiversCommand } from "../../../shared/cli/commands/receivers.ts";
import { isExactFilter } from "../../../shared/delivery/exact-filter.ts";
import { runSluice } from "../../support/cli.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-receivers-"));
  for (const name of ["a", "b"]) await mkdir(join(folder, name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (...argv: readonly string[]) =>
  runSluice(["receivers", ...argv], {
    cwd: folder,
    commands: [createReceiversCommand(createLoadClusters({}))],
  });

const OBJECTS = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: apps}
spec: {interval: 60m, url: "oci://ghcr.io/acme/app", ref: {semver: 1.x}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: api, namespace: apps}
spec: {interval: 60m, url: "oci://ghcr.io/acme/api", ref: {semver: 1.x}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: apps}
spec: {interval: 60m, prune: true, sourceRef: {kind: OCIRepository, name: app}}
`;

const receiver = (spec: string, name = "sluice", namespace = "apps"): string => `---
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;

const EXACT =
  'resourceFilter: "type(req.?objects.orValue(null)) == list && (res.kind + \\"/\\" + res.metadata.namespace + \\"/\\" + res.metadata.name) in req.objects"';
const ALL = 'resources: [{kind: OCIRepository, name: "*", matchLabels: {}}]';

const write = async (manifests: string, config: Record<string, unknown> = {}): Promise<void> => {
  await writeFile(join(folder, "a", "objects.yaml"), manifests);
  const clusters = [{ name: "prod", manifests: { folder: "a" } }];
  await writeFile(join(folder, "sluice.yaml"), JSON.stringify({ mode: "observe", clusters, ...config }));
};

describe("print", () => {
  const objectsOf = (text: string) => parseAllDocuments(text).map((document) => document.toJS());

  test("prints Receivers that reach what the cluster follows, and their Secrets without a token", async () => {
    await write(OBJECTS);
    const { code, stdout } = await run();
    expect(code).toBe(0);
    const [secret, printed, ...others] = objectsOf(stdout);
    expect(others).toEqual([]);
    expect(secret).toMatchObject({ kind: "Secret", metadata: { name: "sluice-token", namespace: "apps" } });
    expect(secret).not.toHaveProperty("stringData");
    expect(isExactFilter(printed.spec.resourceFilter)).toBe(true);
  });

  test("what it prints passes its own check", async () => {
    await write(OBJECTS);
    const { stdout } = await run();
    await writeFile(join(folder, "a", "sluice.yaml"), stdout);
    expect(await run("check")).toMatchObject({
      code: 0,
      stdout: "every object is reached, and nothing else\n",
    });
  });

  test("with route, policy, Alert and Provider", async () => {
    const confirmation = { secrets: [{ env: "E" }] };
    await write(OBJECTS, { clusters: [{ name: "prod", manifests: { folder: "a" }, confirmation }] });
    const { stdout } = await run(
      ...["--host", "flux.example.com", "--gateway", "infra/public/https", "--from-namespace", "infra"],
      ...["--address", "https://sluice.example.com/", "--json"],
    );
    const { items } = JSON.parse(stdout);
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual([
      "Secret",
      "Receiver",
      "HTTPRoute",
      "NetworkPolicy",
      "Secret",
      "Provider",
      "Alert",
    ]);
    expect(items[5].spec.address).toBe("https://sluice.example.com/clusters/prod/events");
    expect(items[6].spec.eventSources).toEqual([
      { kind: "Kustomization", name: "*" },
      { kind: "OCIRepository", name: "*" },
    ]);
  });

  test("generic-oidc by what sluice.yaml says", async () => {
    await write(OBJECTS, {
      clusters: [
        {
          name: "prod",
          manifests: { folder: "a" },
          receiver: { baseUrl: "https://flux.example.com", audience: "sluice-prod" },
        },
      ],
      identity: { issuer: "https://sluice.example.com", keys: [{ file: "key.pem" }] },
    });
    const [printed] = objectsOf((await run()).stdout);
    expect(printed.spec).toMatchObject({
      type: "generic-oidc",
      oidcProviders: [
        {
          issuerURL: "https://sluice.example.com",
          audience: "sluice-prod",
          validations: [{ expression: 'claims.sub == "sluice"' }],
        },
      ],
    });
  });

  test.each([
    [["--cluster", "nope"], "sluice.yaml has prod"],
    [["--type", "generic-oidc"], "--issuer, --subject and --audience"],
    [["--host", "h.example.com"], "--from-namespace is missing"],
    [["--ingress-class", "nginx"], "--host is missing"],
    [["--host", "h", "--from-namespace", "n", "--gateway", "public"], "--gateway public: write"],
    [["--address", "https://s.example.com"], "confirmation is missing"],
  ])("%j is said how to mend", async (argv, message) => {
    await write(OBJECTS);
    const { code, stderr } = await run(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test("a cluster that is none is looked for in the file that was named", async () => {
    await write(OBJECTS);
    await rename(join(folder, "sluice.yaml"), join(folder, "other.yaml"));
    for (const words of [[], ["check"]]) {
      const { code, stderr } = await run(...words, "--config", "other.yaml", "--cluster", "nope");
      expect([code, stderr]).toEqual([2, "sluice: --cluster nope: other.yaml has prod\n"]);
    }
  });

  test("asks which cluster where there are several", async () => {
    const clusters = ["prod", "test"].map((name) => ({ name, manifests: { folder: "a" } }));
    await write(OBJECTS, { clusters });
    expect((await run()).stderr).toContain("--cluster: prod, test");
    expect((await run("--cluster", "test")).code).toBe(0);
  });
});

describe("check", () => {
  test.each([
    ["nothing reaches it", "", "subscription-missed", 1],
    ["pokes everything", receiver(`{type: generic-hmac, secretRef: {name: t}, ${ALL}}`), "over-poke", 1],
    [
      "names what is not there",
      receiver(
        `{type: generic-hmac, secretRef: {name: t}, ${EXACT}, resources: [{kind: OCIRepository, name: ghost}, {kind: OCIRepository, name: "*", matchLabels: {}}]}`,
      ),
      "object-absent",
      1,
    ],
    [
      "is suspended",
      receiver(`{type: generic-hmac, suspend: true, secretRef: {name: t}, ${EXACT}, ${ALL}}`),
      "suspended",
      1,
    ],
    [
      "shares its path",
      receiver(`{type: generic-oidc, ${EXACT}, ${ALL}}`, "a", "bc") +
        receiver(`{type: generic-oidc, ${EXACT}, ${ALL}}`, "ab", "c") +
        receiver(`{type: generic-hmac, secretRef: {name: t}, ${EXACT}, ${ALL}}`),
      "path-shared",
      1,
    ],
  ])("a Receiver that %s", async (_name, manifests, found, expected) => {
    await write(OBJECTS + manifests);
    const { code, stdout } = await run("check", "--json");
    expect(JSON.parse(stdout).map((finding: { code: string }) => finding.code)).toContain(found);
    expect(code).toBe(expected);
    expect((await run("check")).stdout).toContain(found);
  });

  test("findings below --fail-on do not fail it", async () => {
    await write(OBJECTS + receiver(`{type: generic-hmac, secretRef: {name: t}, ${ALL}}`));
    expect((await run("check", "--fail-on", "error")).code).toBe(0);
    expect((await run("check", "--fail-on", "warning")).code).toBe(1);
  });

  test("--no-cross-namespace judges by what such a cluster refuses", async () => {
    const elsewhere = 'resources: [{kind: OCIRepository, namespace: apps, name: "*", matchLabels: {}}]';
    await write(
      OBJECTS +
        receiver(
          `{type: generic-hmac, secretRef: {name: t}, ${EXACT}, ${elsewhere}}`,
          "sluice",
          "flux-system",
        ),
    );
    expect((await run("check")).code).toBe(0);
    const { code, stdout } = await run("check", "--no-cross-namespace");
    expect(code).toBe(1);
    expect(stdout).toContain("cross-namespace-refused");
  });

  test("a token among the manifests tells whether paths are the same", async () => {
    const secret = (namespace: string, token: string) =>
      `---\napiVersion: v1\nkind: Secret\nmetadata: {name: t, namespace: ${namespace}}\nstringData: {token: ${token}}\n`;
    const pair = (first: string, second: string) =>
      OBJECTS +
      receiver(`{type: generic-hmac, secretRef: {name: t}, ${EXACT}, ${ALL}}`) +
      receiver(`{type: generic-hmac, secretRef: {name: t}, ${EXACT}, resources: []}`, "a", "bc") +
      receiver(`{type: generic-hmac, secretRef: {name: t}, ${EXACT}, resources: []}`, "ab", "c") +
      secret("bc", first) +
      secret("c", second);
    await write(pair("same", "same"));
    expect((await run("check")).stdout).toContain("path-shared");
    await write(pair("one", "other"));
    expect((await run("check")).code).toBe(0);
  });

  test("the chart that Flux makes for a HelmRelease, and kinds that come from elsewhere, are not called absent", async () => {
    await write(`apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: apps}
spec: {type: oci, url: "oci://ghcr.io/acme/charts", interval: 60m}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec: {interval: 60m, chart: {spec: {chart: web, version: 1.x, sourceRef: {kind: HelmRepository, name: charts}}}}
${receiver(
  `{type: generic-hmac, secretRef: {name: t}, ${EXACT}, resources: [{kind: HelmChart, name: apps-web}, {kind: GitRepository, name: flux}]}`,
)}`);
    expect(JSON.parse((await run("check", "--json")).stdout)).toEqual([]);
  });
});
