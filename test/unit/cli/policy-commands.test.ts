import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry, type Registry } from "oras-js/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { createPolicyPorts } from "../../../functions/local/policy-ports.ts";
import { createCompileCommand } from "../../../shared/cli/commands/compile.ts";
import { createLintCommand } from "../../../shared/cli/commands/lint.ts";
import { createPlanCommand } from "../../../shared/cli/commands/plan.ts";
import { parseCatalog } from "../../../shared/policy/catalog/catalog-json.ts";
import { runSluice } from "../../support/cli.ts";

const ports = createPolicyPorts({});
const commands = [createPlanCommand, createLintCommand, createCompileCommand].map((create) => create(ports));

let folder = "";
let host = "";
let registry: Registry;

const sluice = (...argv: readonly string[]) =>
  runSluice(argv, { commands, cwd: folder, nowMs: 1_790_000_000_000 });

const ociRepository = (name: string, url: string, ref: string, more = ""): string => `---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: ${name}, namespace: apps}
spec: {interval: 1h, url: "oci://${url}", ref: ${ref}${more}}
`;

const VERIFY =
  ', verify: {provider: cosign, matchOIDCIdentity: [{issuer: "^https://i\\\\.example$", subject: "^ci@acme\\\\.example$"}]}';

const RECEIVER = `---
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: sluice, namespace: apps}
spec:
  type: generic-hmac
  secretRef: {name: token}
  resources: [{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, name: signed}]
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-policy-"));
  registry = createRegistry();
  host = await registry.listen();
  const client = createClient({ plainHttp: () => true });
  const repository = { registry: host, repository: "acme/app" };
  const artifact = await pushArtifact(client, repository, "content");
  for (const tag of ["1.0.0", "1.4.2", "2.0.0", "main"])
    await client.pushManifest(repository, artifact, { tag });
  await mkdir(join(folder, "apps"));
  await writeFile(
    join(folder, "apps", "apps.yaml"),
    ociRepository("signed", `${host}/acme/app`, '{semver: ">=1.0.0 <2.0.0"}', VERIFY) +
      ociRepository("plain", `${host}/acme/app`, '{semver: ">=9.0.0"}') +
      ociRepository("open", `${host}/acme/app`, "{tag: main}") +
      ociRepository("away", "127.0.0.1:1/acme/gone", "{tag: main}", ", suspend: true") +
      RECEIVER,
  );
  await writeFile(
    join(folder, "sluice.yaml"),
    `mode: observe
clusters: [{name: a, manifests: {folder: apps}}]
sources: [{type: distribution, registry: "${host}", secrets: [{env: SECRET}]}]
rules:
- {repositories: "${host}/**", identities: [{issuer: "^https://i\\\\.example$", subject: "@acme.example"}]}
registries:
  "${host}": {plainHttp: true, allowPrivateAddresses: true}
  "127.0.0.1:1": {plainHttp: true, allowPrivateAddresses: true}
`,
  );
});

afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true });
});

describe("plan", () => {
  test("names what each object takes, who must sign, who is told, and what is missing", async () => {
    const { code, stdout, stderr } = await sluice("plan", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { mode, objects } = JSON.parse(stdout);
    const own = { origin: "object", who: "^ci@acme\\.example$ by ^https://i\\.example$" };
    const required = { origin: "sluice", who: "@acme.example by ^https://i\\.example$" };
    const row = { cluster: "a", repository: `${host}/acme/app`, receivers: [], sources: ["distribution"] };
    expect(mode).toBe("observe");
    expect(objects).toEqual([
      {
        cluster: "a",
        object: "OCIRepository/apps/away",
        repository: "127.0.0.1:1/acme/gone",
        takes: "tag main",
        selected: { kind: "unknown", reason: expect.stringContaining("127.0.0.1:1") },
        signedBy: [],
        receivers: [],
        sources: [],
        gaps: ["suspended", "no-identity-rule", "no-receiver", "no-event-source"],
      },
      {
        ...row,
        object: "OCIRepository/apps/open",
        takes: "tag main",
        selected: { kind: "tag", tag: "main" },
        signedBy: [required],
        gaps: ["no-receiver"],
      },
      {
        ...row,
        object: "OCIRepository/apps/plain",
        takes: ">=9.0.0",
        selected: { kind: "none", reason: "no-match" },
        signedBy: [required],
        gaps: ["no-receiver", "nothing-selected"],
      },
      {
        ...row,
        object: "OCIRepository/apps/signed",
        takes: ">=1.0.0 <2.0.0",
        selected: { kind: "tag", tag: "1.4.2" },
        signedBy: [own, required],
        receivers: ["a/apps/sluice"],
        gaps: [],
      },
    ]);
  });

  test("people get a table by cluster and a line for each gap", async () => {
    const { stdout } = await sluice("plan");
    expect(stdout).toMatch(/^mode observe\n\ncluster a\nOBJECT {2,}REPOSITORY {2,}TAKES {2,}NOW /);
    expect(stdout).toMatch(
      /\nOCIRepository\/apps\/signed .* >=1\.0\.0 <2\.0\.0 {2}1\.4\.2 .* AND .* apps\/sluice {2}distribution\n/,
    );
    expect(stdout).toContain("\n! OCIRepository/apps/plain: no tag of the repository matches now\n");
    expect(stdout).toMatch(/\n! 127\.0\.0\.1:1\/acme\/gone: .*127\.0\.0\.1:1/);
  });

  test("a rule that can never match is named: no such repository, signer or version", async () => {
    await mkdir(join(folder, "never"));
    await writeFile(
      join(folder, "never", "a.yaml"),
      ociRepository("signed", "ghcr.io/acme/app", '{semver: ">2 <1"}', VERIFY) +
        ociRepository("keyless", "ghcr.io/acme/app", "{tag: a}", ", verify: {provider: cosign}"),
    );
    await writeFile(
      join(folder, "never.yaml"),
      `mode: observe
clusters: [{name: a, manifests: {folder: never}}]
sources:
- {type: ghcr, secrets: [{env: SECRET}]}
- {type: zot, registry: zot.example.com, secrets: [{env: SECRET}]}
rules:
- {repositories: ghcr.io/acme/wroker, unverified: allow}
- {repositories: ghcr.io/acme/**, unverified: allow}
`,
    );
    const { objects, unused } = JSON.parse(
      (await sluice("plan", "--offline", "--json", "--config", "never.yaml")).stdout,
    );
    expect(objects.map(({ gaps }: { gaps: string[] }) => gaps)).toEqual([
      ["object-invalid", "signer-impossible", "no-receiver"],
      ["range-empty", "no-receiver"],
    ]);
    expect(unused).toEqual({ rules: ["rules[0]"], sources: ["zot"] });
    const { stdout } = await sluice("plan", "--offline", "--config", "never.yaml");
    expect(stdout).toContain("\n! OCIRepository/apps/signed: no version can be in its range\n");
    expect(stdout).toContain("\n! rules[0] of never.yaml matches no object's repository\n");
    expect(stdout).toContain("\n! source zot of never.yaml brings no object's events\n");
  });

  test("a token that several clusters know is named by where it is kept", async () => {
    const cluster = (name: string, receiver: string) =>
      `- {name: ${name}, manifests: {folder: never}, receiver: {baseUrl: "https://${name}.example", ${receiver}}}\n`;
    await writeFile(
      join(folder, "shared.yaml"),
      `mode: observe\nclusters:\n${
        cluster("a", "token: {env: ONE}") +
        cluster("b", "token: {env: TWO}, previousToken: {env: ONE}") +
        cluster("c", "token: {env: THREE}, tokens: {apps/sluice: {env: THREE}}")
      }sources: [{type: ghcr, secrets: [{env: SECRET}]}]\n`,
    );
    const asked = ["plan", "--offline", "--config", "shared.yaml"];
    expect(JSON.parse((await sluice(...asked, "--json")).stdout).sharedTokens).toEqual([
      { clusters: ["a", "b"], token: { env: "ONE" } },
    ]);
    expect((await sluice(...asked)).stdout).toContain("\n! clusters a, b have one token (env ONE), and who");
  });

  test("an object that is left out is named with what it lacks", async () => {
    await mkdir(join(folder, "left-out"));
    const release = `---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: apps}
spec: {type: oci, url: "oci://\${REGISTRY}/charts"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec: {chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: charts}}}}
`;
    await writeFile(join(folder, "left-out", "a.yaml"), release);
    const config = "mode: observe\nclusters: [{name: a, manifests: {folder: left-out}}]\n";
    await writeFile(join(folder, "left-out.yaml"), config);
    const { stdout } = await sluice("plan", "--offline", "--config", "left-out.yaml");
    expect(stdout).toContain("\nno object selects anything\n");
    expect(stdout).toContain(`\n! HelmRepository/apps/charts: left out: spec holds $${"{REGISTRY}"}\n`);
    expect(stdout).toContain(
      "\n! HelmRelease/apps/web: left out: HelmRepository apps/charts cannot be used itself\n",
    );
  });

  test("--offline asks no registry", async () => {
    const { stdout } = await sluice("plan", "--offline", "--json");
    const kinds = JSON.parse(stdout).objects.map(
      ({ selected }: { selected: { kind: string } }) => selected.kind,
    );
    expect(new Set(kinds)).toEqual(new Set(["unknown"]));
  });
});

describe("lint", () => {
  test("judges the identities of sluice.yaml and of the manifests alike, heaviest first", async () => {
    const { code, stdout } = await sluice("lint", "--json");
    const findings = JSON.parse(stdout);
    const ranks = findings.map(({ severity }: { severity: string }) =>
      ["error", "warning", "info"].indexOf(severity),
    );
    expect(code).toBe(0);
    expect(ranks).toEqual([...ranks].sort());
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: "pattern-unanchored",
        message: expect.stringMatching(/^sluice\.yaml rules\[0\]\.identities\[0\]: subject "@acme\.example"/),
      }),
    );
    expect(findings).toContainEqual(expect.objectContaining({ code: "receiver-absent", cluster: "a" }));
  });

  test.each([
    ["error", 0],
    ["warning", 1],
    ["info", 1],
    ["fatal", 2],
  ])("--fail-on %s: exit code %s", async (severity, code) => {
    expect((await sluice("lint", "--fail-on", severity)).code).toBe(code);
  });

  test("an object that Flux refuses is an error", async () => {
    await mkdir(join(folder, "bad"));
    await writeFile(
      join(folder, "bad", "a.yaml"),
      ociRepository("bad", "a.example/acme/x", '{semver: "<<1"}'),
    );
    await writeFile(
      join(folder, "bad.yaml"),
      "mode: observe\nclusters: [{name: a, manifests: {folder: bad}}]\n",
    );
    const { code, stdout } = await sluice("lint", "--config", "bad.yaml");
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nerror +range-invalid +a a\.yaml:\d+ OCIRepository\/apps\/bad +/);
  });

  test("nothing found is said", async () => {
    await mkdir(join(folder, "empty"));
    await writeFile(
      join(folder, "none.yaml"),
      "mode: observe\nclusters: [{name: a, manifests: {folder: empty}}]\n",
    );
    expect((await sluice("lint", "--config", "none.yaml")).stdout).toBe("nothing to complain about\n");
  });
});

describe("compile", () => {
  test("what it writes is read back as the same catalog", async () => {
    const { code, stderr } = await sluice("compile", "--output", "catalog.json");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^sluice: wrote catalog\.json: 4 objects, version [0-9a-f]+\n$/),
    ]);
    const { catalog, compiledAtMs } = parseCatalog(
      (await readFile(join(folder, "catalog.json"), "utf8")).trim(),
    );
    const loaded = await ports.loadPolicy("sluice.yaml", { cwd: folder });
    expect(compiledAtMs).toBe(1_790_000_000_000);
    expect(catalog.version).toBe(loaded.catalog.version);
    expect([...catalog.subscriptions()]).toEqual([...loaded.catalog.subscriptions()]);
    expect([...catalog.receivers()]).toEqual([...loaded.catalog.receivers()]);
  });

  test("without --output it goes to standard output", async () => {
    const { stdout } = await sluice("compile");
    expect(parseCatalog(stdout.trim()).catalog.subscription("a/OCIRepository/apps/signed")).toBeDefined();
  });

  test("and is served, planned and linted where there are no manifests, but not compiled again", async () => {
    await sluice("compile", "--output", "shipped.json");
    const config = await readFile(join(folder, "sluice.yaml"), "utf8");
    const shipped = config.replace(/^clusters: .*$/m, "catalog: {file: shipped.json}\nclusters: [{name: a}]");
    await writeFile(join(folder, "shipped.yaml"), shipped);
    const plan = (file: string) => sluice("plan", "--offline", "--json", "--config", file);
    const { objects } = JSON.parse((await plan("shipped.yaml")).stdout);
    expect(objects).toEqual(JSON.parse((await plan("sluice.yaml")).stdout).objects);
    expect(await sluice("compile", "--config", "shipped.yaml")).toMatchObject({
      code: 2,
      stderr: "sluice: cluster a names no manifests to compile; write clusters[].manifests\n",
    });
    const bare = shipped.replace(/^catalog: .*\n/m, "");
    await writeFile(join(folder, "bare.yaml"), bare);
    expect((await plan("bare.yaml")).stdout).toContain("clusters[0].manifests: is missing");
  });

  test("a folder that cannot be written is one line", async () => {
    expect(await sluice("compile", "--output", "absent/catalog.json")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "sluice: absent/catalog.json cannot be written (ENOENT); check its folder and permissions, or name another file\n",
    });
  });
});
