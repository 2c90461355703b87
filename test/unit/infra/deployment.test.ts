import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBundleConfig } from "../../../functions/wiring/bundle-config.ts";
import { bundleFunctions, checkOnAws } from "../../../infra/aws/bundle.ts";
import { checkOnAzure, packageApps } from "../../../infra/azure/package.ts";
import { layOut } from "../../../infra/deployment.ts";
import { parseConfig } from "../../../shared/config.ts";

const SLUICE_YAML = `mode: enforce
catalog: {file: ./catalog.json}
clusters:
  - name: production
    receiver:
      baseUrl: https://flux.example.com/
      token: {secret: sluice/prod/receivers/production}
      ca: ./ca.pem
sources:
  - {type: zot, registry: "zot.example.com:5000", secrets: [{secret: sluice/prod/sources/zot}]}
rules:
  - repositories: [ghcr.io/acme/**]
    keys: [keys/cosign.pub]
    evidence: {deadline: 30m}
limits: {body: 2MiB, registryTimeout: 10s}
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-deployment-"));
  mkdirSync(join(root, "deployment/keys"), { recursive: true });
  writeFileSync(join(root, "deployment/keys/cosign.pub"), "key");
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (text: string): void => writeFileSync(join(root, "deployment/sluice.yaml"), text);
/** Functions inside are compared by what they are called for. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, one) => (one instanceof Map ? [...one] : one)));

describe("a deployment's folder", () => {
  test("is read by the function as sluice.yaml reads, without YAML or checks at its start", async () => {
    write(SLUICE_YAML);
    const folder = join(root, "function");
    await layOut(join(root, "deployment"), folder);
    // Were the YAML read, this would show.
    writeFileSync(join(folder, "sluice.yaml"), "mode: [");
    const config = await readBundleConfig({}, folder);
    // Lines are known to who reads the YAML itself.
    const { secretPlaces: _lines, ...read } = parseConfig(SLUICE_YAML, { file: "f", baseFolder: folder });
    expect(plain(config)).toEqual(plain(read));
    const name = { registry: "ghcr.io", repository: "acme/app" };
    expect(config.rules[0]?.repositories[0]?.matches(name)).toBe(true);
    expect(readFileSync(join(folder, "keys/cosign.pub"), "utf8")).toBe("key");
  });

  test("with a mistake in sluice.yaml is refused before anything is deployed, with the line", async () => {
    write("mode: enforce\nclusters:\n  - name: Production\n");
    await expect(layOut(join(root, "deployment"), join(root, "function"))).rejects.toThrow(
      /sluice\.yaml:3: clusters\[0\]\.name: must be/,
    );
  });

  test("that asks for what one machine alone does is refused, as is a file named by the environment", async () => {
    const endpoint = { name: "pager", url: "https://pager.example.com/", secrets: [{ env: "KEY" }] };
    write(
      `${SLUICE_YAML}\nendpoints: ${JSON.stringify([{ ...endpoint, decisions: ["notify", "reject"] }])}\n`,
    );
    const refusal = /endpoints\[pager\]\.decisions: in a cloud endpoints hear of notify alone/;
    await expect(layOut(join(root, "deployment"), join(root, "function"))).rejects.toThrow(refusal);
    const env = { SLUICE_CONFIG: join(root, "deployment/sluice.yaml") };
    await expect(readBundleConfig(env, root)).rejects.toThrow(refusal);
    write(`${SLUICE_YAML}\nendpoints: ${JSON.stringify([{ ...endpoint, decisions: ["notify"] }])}\n`);
    expect((await readBundleConfig(env, root)).endpoints).toHaveLength(1);
  });

  test("without sluice.yaml is refused in one line", async () => {
    await expect(layOut(join(root, "deployment"), join(root, "function"))).rejects.toThrow(
      /no sluice\.yaml; --config names the folder/,
    );
  });

  test("may name another file by the environment, which is read and checked as it is", async () => {
    write(SLUICE_YAML);
    const config = await readBundleConfig(
      { SLUICE_CONFIG: join(root, "deployment/sluice.yaml") },
      join(root, "nowhere"),
    );
    expect(config.limits.bodyBytes).toBe(2 * 1_048_576);
  });
});

test("inputs at a path that AWS would hand to intake are refused before anything is deployed", async () => {
  write(
    "mode: observe\ncatalog: {file: ./catalog.json}\nclusters:\n  - {name: c, inputs: {path: /versions, tokens: [{secret: t}]}}\n",
  );
  const bundling = bundleFunctions(join(root, "deployment"), join(root, "bundles"));
  await expect(bundling).rejects.toThrow(/^clusters\[c\]\.inputs\.path: .*\/clusters\/<name>\/inputs/);
});

describe("a policy as an artifact", () => {
  const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  const onAws = () => bundleFunctions(join(root, "deployment"), join(root, "out"));
  const onAzure = () => packageApps(join(root, "deployment"), join(root, "out"));
  const catalogAt = (host: string, registries: object = {}) =>
    write(
      JSON.stringify({
        mode: "observe",
        catalog: { artifact: `oci://${host}/acme/catalog:production`, unverified: "allow" },
        clusters: [{ name: "c" }],
        registries,
      }),
    );
  const google = {
    google: {
      provider: "projects/123456/locations/global/workloadIdentityPools/sluice/providers/sluice-aws",
    },
  };

  test.each([
    ["ECR, on AWS", onAws, ECR, {}],
    ["ACR, on Azure", onAzure, "acme.azurecr.io", {}],
    ["another cloud's, on AWS", onAws, "europe-docker.pkg.dev", google],
    ["another cloud's, on Azure", onAzure, "europe-docker.pkg.dev", google],
    ["one with a stored password", onAws, "ghcr.io", { username: "u", password: { secret: "p" } }],
  ])(
    "in a registry that only evaluate logs in to is refused: %s",
    async (_what, bundle, host, credentials) => {
      catalogAt(host, Object.keys(credentials).length === 0 ? {} : { [host]: { credentials } });
      await expect(bundle()).rejects.toThrow(
        `catalog.artifact: on ${bundle === onAws ? "AWS" : "Azure"} evaluate alone logs in to registries such as ${host}`,
      );
    },
  );

  test("of one cluster's manifests is refused by that cluster's name", async () => {
    const manifests = { artifact: `oci://${ECR}/acme/fleet:production`, unverified: "allow" };
    write(JSON.stringify({ mode: "observe", clusters: [{ name: "c", manifests }] }));
    await expect(onAws()).rejects.toThrow(/^clusters\[c\]\.manifests\.artifact: on AWS/);
  });

  test("in a registry that lets all functions in, or in a bundle's own docker config, is packaged", async () => {
    writeFileSync(join(root, "deployment/docker.json"), "{}");
    const lockedBy = { "ghcr.io": { credentials: { dockerConfig: "./docker.json" } } };
    for (const registries of [{}, lockedBy]) {
      catalogAt("ghcr.io", registries);
      for (const check of [checkOnAws, checkOnAzure]) {
        await layOut(join(root, "deployment"), join(root, "out"), check);
      }
    }
  });
});
