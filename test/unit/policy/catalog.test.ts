import { describe, expect, test } from "vitest";
import { createCatalog } from "../../../shared/policy/catalog/catalog.ts";
import { parseCatalog, toJson } from "../../../shared/policy/catalog/catalog-json.ts";
import { compileCatalog } from "../../../shared/policy/catalog/compile-catalog.ts";
import { hashText } from "../../../shared/policy/catalog/hash.ts";
import { readManifests } from "../../../shared/policy/manifest/read-manifests.ts";
import { codesOf, compileText, ociRepository, onlySubscription, variable } from "./compile-text.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;

describe("OCIRepository", () => {
  test.each<[string, string, object]>([
    ["nothing asks for latest", "", { kind: "tag", tag: "latest" }],
    ["a null as nothing", "ref: null", { kind: "tag", tag: "latest" }],
    ["tag", 'ref: {tag: "1.0"}', { kind: "tag", tag: "1.0" }],
    ["semver before tag", "ref: {tag: x, semver: '>=1'}", { kind: "semver", range: ">=1", dialect: "flux" }],
    [
      "digest before all",
      `ref: {tag: x, semver: '>=1', digest: '${DIGEST}'}`,
      { kind: "digest", digest: DIGEST },
    ],
    [
      "filter with semver",
      "ref: {semver: '*', semverFilter: '^v'}",
      { kind: "semver", range: "*", filter: "^v", dialect: "flux" },
    ],
    ["filter without semver", "ref: {tag: x, semverFilter: '^v'}", { kind: "tag", tag: "x" }],
    [
      "a chart's layer",
      "ref: {semver: '*'}\nlayerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip}",
      { kind: "semver", range: "*", dialect: "helm-oci" },
    ],
    [
      "another layer",
      "ref: {semver: '*'}\nlayerSelector: {mediaType: application/other, operation: copy}",
      { kind: "semver", range: "*", dialect: "flux" },
    ],
  ])("%s", (_, spec, selector) => {
    expect(onlySubscription(compileText(ociRepository(spec))).selector).toEqual(selector);
  });

  test.each<[string, string, string]>([
    ["oci://ghcr.io/acme/app", "ghcr.io", "acme/app"],
    ["oci://GHCR.io/acme/app", "ghcr.io", "acme/app"],
    ["oci://localhost:5000/app", "localhost:5000", "app"],
    ["oci://localhost/app", "localhost", "app"],
    ["oci://docker.io/alpine", "index.docker.io", "library/alpine"],
    ["oci://registry-1.docker.io/acme/app", "index.docker.io", "acme/app"],
    ["oci://acme/app", "index.docker.io", "acme/app"],
    // A host needs a path behind it; alone, it is a repository of Docker Hub's.
    ["oci://ghcr.io", "index.docker.io", "library/ghcr.io"],
    ["oci://[::1]:5000/app", "[::1]:5000", "app"],
  ])("%s is %s, %s", (url, registry, repository) => {
    const text = ociRepository().replace("oci://ghcr.io/acme/app", `"${url}"`);
    expect(onlySubscription(compileText(text)).repository).toEqual({ registry, repository });
  });

  test.each([
    "https://ghcr.io/acme/app",
    "oci://ghcr.io/acme/app:1.0.0",
    "oci://ghcr.io/acme/app@sha256:00",
    "oci://ghcr.io/acme/App",
    "oci://ghcr.io/acme//app",
    "oci://ghcr.io/acme/app/",
    "oci://ghcr.io/",
    "oci://user@ghcr.io/acme/app",
    "oci://ghcr.io/../app",
  ])("%s is refused", (url) => {
    const compiled = compileText(ociRepository().replace("oci://ghcr.io/acme/app", `"${url}"`));
    expect(compiled.subscriptions).toEqual([]);
    expect(codesOf(compiled)).toEqual(["url-invalid"]);
  });

  test.each<[string, string, string]>([
    ["a number for a tag", "ref: {tag: 1.10}", "object-invalid"],
    ["a digest of another kind", "ref: {digest: 'sha512:00'}", "digest-invalid"],
    ["a variable", `ref: {tag: '${variable("TAG:=x")}'}`, "unresolved"],
    ["a variable for a boolean", `suspend: '${variable("SUSPEND")}'`, "unresolved"],
    ["a template", "ref: {semver: '<< inputs.range >>'}", "unresolved"],
  ])("%s is not guessed at", (_, spec, code) => {
    const compiled = compileText(ociRepository(spec));
    expect(compiled.subscriptions).toEqual([]);
    expect(codesOf(compiled)).toEqual([code]);
  });

  test("a range Flux refuses is said, and selects nothing", () => {
    const compiled = compileText(ociRepository("ref: {semver: bogus}"));
    expect(codesOf(compiled)).toEqual(["range-invalid", "receiver-absent"]);
  });

  test("suspended ones are known, and said to be", () => {
    const compiled = compileText(ociRepository("suspend: true"));
    expect(onlySubscription(compiled).suspended).toBe(true);
    expect(codesOf(compiled)).toEqual(["suspended"]);
  });

  test("older API versions are read", () => {
    const compiled = compileText(ociRepository().replace("fluxcd.io/v1", "fluxcd.io/v1beta2"));
    expect(onlySubscription(compiled).object.apiVersion).toBe("source.toolkit.fluxcd.io/v1beta2");
  });

  test("findings name object, file and line", () => {
    const [finding] = compileText(`# a\n---${ociRepository("ref: {tag: 1.1}")}`).findings;
    expect(finding).toMatchObject({
      cluster: "prod",
      object: { kind: "OCIRepository", namespace: "apps", name: "app" },
      where: { file: "all.yaml", line: 3 },
      message: expect.stringContaining("spec.ref.tag"),
    });
  });
});

describe("the same object twice", () => {
  test("alike is one object", () => {
    expect(compileText(ociRepository() + ociRepository()).subscriptions).toHaveLength(1);
  });

  test("differing is none: nobody knows which one the cluster has", () => {
    const compiled = compileText(ociRepository() + ociRepository("ref: {tag: x}"));
    expect(compiled.subscriptions).toEqual([]);
    expect(codesOf(compiled)).toEqual(["object-duplicate"]);
  });

  test("a cluster named twice is used once", () => {
    const input = { cluster: "prod", ...readManifests([{ name: "a", bytes: Buffer.from(ociRepository()) }]) };
    const compiled = compileCatalog({ clusters: [input, input] });
    expect(compiled.subscriptions).toHaveLength(1);
    expect(codesOf(compiled)).toContain("object-duplicate");
  });
});

describe("selectorHash", () => {
  const hashOf = (text: string): string => onlySubscription(compileText(text)).selectorHash;

  test("stays when something else changes", () => {
    expect(hashOf(ociRepository("interval: 1m"))).toBe(hashOf(ociRepository("interval: 2m")));
  });

  test.each(["ref: {tag: x}", "ref: {semver: '*'}", `ref: {digest: '${DIGEST}'}`])(
    "changes with %s",
    (spec) => {
      expect(hashOf(ociRepository(spec))).not.toBe(hashOf(ociRepository()));
    },
  );
});

describe("catalog", () => {
  const verify = "verify: {provider: cosign, matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}]}";
  const receiver = `
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: hook, namespace: apps}
spec: {type: generic-hmac, resources: [{kind: OCIRepository, name: app}]}
---
`;
  const other = ociRepository("ref: {semver: '*'}").replace("name: app", "name: other");
  const compiled = compileText(ociRepository(verify) + other + receiver);
  const catalog = createCatalog(compiled);

  test("matches by repository, however an event spells it", () => {
    const match = (registry: string, repository: string) =>
      catalog.match({ registry, repository }).map(({ id }) => id);
    expect(match("GHCR.IO", "acme/app")).toEqual([
      "prod/OCIRepository/apps/app",
      "prod/OCIRepository/apps/other",
    ]);
    expect(match("ghcr.io", "acme")).toEqual([]);
  });

  test("looks up by id", () => {
    const subscription = catalog.subscription("prod/OCIRepository/apps/app");
    expect(subscription && catalog.receiversOf(subscription).map(({ id }) => id)).toEqual(["prod/apps/hook"]);
    expect(catalog.receiver("prod/apps/hook")?.type).toBe("generic-hmac");
    expect(catalog.subscription("toString")).toBeUndefined();
  });

  test("has one version whatever the order of files", () => {
    expect(createCatalog(compileText(receiver + other + ociRepository(verify))).version).toBe(
      catalog.version,
    );
    expect(createCatalog(compileText(receiver + other + ociRepository())).version).not.toBe(catalog.version);
  });

  test("survives being written and read", () => {
    const loaded = parseCatalog(toJson(compiled, 7));
    expect(loaded.compiledAtMs).toBe(7);
    expect(loaded.catalog.version).toBe(catalog.version);
    expect([...loaded.catalog.subscriptions()]).toEqual([...catalog.subscriptions()]);
    expect([...loaded.catalog.receivers()]).toEqual([...catalog.receivers()]);
  });

  // With a version that fits, so that the version does not give it away.
  test.each(["rules", "receivers"])("places of %s that are not there are refused when read", (list) => {
    const file = JSON.parse(toJson(compiled, 7));
    for (const subscription of file.content.subscriptions) {
      if (list in subscription) subscription[list] = [file.content[list].length];
    }
    const text = JSON.stringify({ ...file, version: hashText(JSON.stringify(file.content)) });
    expect(() => parseCatalog(text)).toThrow(expect.objectContaining({ code: "CATALOG_INVALID" }));
  });

  test.each<[string, (json: string) => string]>([
    ["not JSON", () => "{"],
    ["nothing", () => "null"],
    ["another format", (json) => json.replace('"format":1', '"format":2')],
    ["another identity", (json) => json.replace("^b$", "^c$")],
    ["a field too many", (json) => json.replace('"rules":[{', '"rules":[{"x":1,')],
    ["an unknown selector", (json) => json.replace('"kind":"tag"', '"kind":"any"')],
    ["a rule that is not there", (json) => json.replace('"rules":[0]', '"rules":[1]')],
    ["no content", (json) => json.replace(/"content":.*/, '"content":null}')],
  ])("%s is refused when read", (_, change) => {
    expect(() => parseCatalog(change(toJson(compiled, 7)))).toThrow(
      expect.objectContaining({ code: "CATALOG_INVALID" }),
    );
  });
});
