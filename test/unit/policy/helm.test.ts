import { describe, expect, test } from "vitest";
import { createCatalog } from "../../../shared/policy/catalog/catalog.ts";
import { codesOf, compileText, onlySubscription } from "./compile-text.ts";

const helmRepository = (spec = "type: oci, url: 'oci://ghcr.io/acme/charts'", namespace = "flux"): string => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: ${namespace}}
spec: {${spec}}
---
`;

const helmRelease = (spec: string, rest = ""): string => `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: apps}
spec:
  ${rest}
  chart:
    metadata: {labels: {team: blue}}
    spec: {chart: app, sourceRef: {kind: HelmRepository, name: charts, namespace: flux}, ${spec}}
---
`;

const helmChart = (name: string, spec = ""): string => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: ${name}, namespace: flux}
spec: {chart: app, sourceRef: {kind: HelmRepository, name: charts}, ${spec}}
---
`;

const receiver = (resource: string): string => `
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: hook, namespace: flux}
spec: {type: generic-hmac, resources: [${resource}]}
---
`;

describe("HelmRelease with its own chart", () => {
  test("selects from its HelmRepository; what is annotated is the chart it makes", () => {
    const subscription = onlySubscription(compileText(helmRepository() + helmRelease("version: '>=1'")));
    expect(subscription).toMatchObject({
      id: "prod/HelmRelease/apps/web",
      target: { kind: "HelmChart", namespace: "flux", name: "apps-web" },
      repository: { registry: "ghcr.io", repository: "acme/charts/app" },
      selector: { kind: "semver", range: ">=1", dialect: "helm" },
      rules: [],
    });
  });

  test.each<[string, string]>([
    ["by the made chart's name", "{kind: HelmChart, name: apps-web}"],
    ["by the labels it gets", "{kind: HelmChart, name: '*', matchLabels: {team: blue}}"],
  ])("is reached %s", (_, resource) => {
    const text = helmRepository() + helmRelease("version: '1.0.0'") + receiver(resource);
    expect(onlySubscription(compileText(text)).receivers).toEqual(["prod/flux/hook"]);
  });

  test("is not reached through the HelmRelease itself, which fetches nothing", () => {
    const resource = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, name: web, namespace: apps}";
    const text = helmRepository() + helmRelease("version: '1.0.0'") + receiver(resource);
    expect(onlySubscription(compileText(text)).receivers).toEqual([]);
  });

  test("in an export of a cluster, the chart it made is not taken for another object", () => {
    const text =
      helmRepository() + helmRelease("version: '1.0.0'") + helmChart("apps-web", "version: '1.0.0'");
    expect(onlySubscription(compileText(text)).object.kind).toBe("HelmRelease");
  });

  test.each<[string, string]>([
    ["keyless: it cannot name an identity", "verify: {provider: cosign}"],
    [
      "an identity written all the same",
      "verify: {provider: cosign, matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}]}",
    ],
  ])("%s leaves a rule that nothing satisfies", (_, verify) => {
    const compiled = compileText(helmRepository() + helmRelease(verify));
    expect(onlySubscription(compiled).rules).toMatchObject([{ identities: [], keys: [] }]);
    expect(codesOf(compiled)).toContain("verify-no-identity");
  });

  test("several keys are warned of: the first that fails ends Flux's search", () => {
    const pem = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";
    const compiled = compileText(helmRepository() + helmRelease("verify: {secretRef: {name: keys}}"), {
      resolveSecret: () => ({ "a.pub": Buffer.from(pem), "b.pub": Buffer.from(pem) }),
    });
    expect(codesOf(compiled)).toContain("verify-several-keys");
  });

  test("suspended", () => {
    const compiled = compileText(helmRepository() + helmRelease("version: '1'", "suspend: true"));
    expect(onlySubscription(compiled).suspended).toBe(true);
  });

  test("variables in its values are none of Sluice's business", () => {
    const text = helmRelease("version: '1'", "values: {dashboard: '$\\{DS_PROMETHEUS}'}");
    expect(compileText(helmRepository() + text).subscriptions).toHaveLength(1);
  });

  test.each<[string, string, string]>([
    ["an HTTP repository", helmRepository("url: 'https://charts.example'"), "source-not-oci"],
    ["no repository", "", "source-absent"],
    ["one in another namespace", helmRepository(undefined, "other"), "source-absent"],
    ["a bad URL", helmRepository("type: oci, url: 'https://x'"), "url-invalid"],
  ])("%s is said", (_, repository, code) => {
    const compiled = compileText(repository + helmRelease("version: '1'"));
    expect(compiled.subscriptions).toEqual([]);
    expect(codesOf(compiled)).toEqual([code]);
  });
});

describe("HelmChart", () => {
  test("selects and is annotated itself; identities count, a trusted root does not", () => {
    const verify =
      "verify: {matchOIDCIdentity: [{issuer: ^a$, subject: ^b$}], trustedRootSecretRef: {name: r}}, version: 1.x";
    const compiled = compileText(helmRepository() + helmChart("own", verify));
    expect(onlySubscription(compiled)).toMatchObject({
      target: { kind: "HelmChart", name: "own" },
      selector: { range: "1.x" },
      rules: [{ identities: [{ issuer: "^a$", subject: "^b$" }] }],
    });
    expect(onlySubscription(compiled).rules[0]).not.toHaveProperty("trustedRoot");
    expect(codesOf(compiled)).toEqual(["verify-ignored-field", "receiver-absent"]);
  });

  test("finds its repository in its own namespace, whatever it says of another", () => {
    const elsewhere = helmRepository(undefined, "elsewhere");
    const chart = helmChart("own").replace("name: charts}", "name: charts, namespace: elsewhere}");
    expect(codesOf(compileText(elsewhere + chart))).toEqual(["source-absent"]);
    expect(onlySubscription(compileText(elsewhere + helmRepository() + chart)).repository).toEqual({
      registry: "ghcr.io",
      repository: "acme/charts/app",
    });
  });

  test("without a version asks for any", () => {
    expect(onlySubscription(compileText(helmRepository() + helmChart("own"))).selector).toEqual({
      kind: "semver",
      range: "*",
      dialect: "helm",
    });
  });

  test("from Git is no registry's business", () => {
    const text = helmChart("own").replace("kind: HelmRepository,", "kind: GitRepository,");
    expect(codesOf(compileText(text))).toEqual(["source-not-oci"]);
  });
});

describe("who follows", () => {
  const repository = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: apps}
spec: {url: 'oci://ghcr.io/acme/app'}
---
`;
  const follower = (apiVersion: string, kind: string, name: string, spec: string): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: team}\nspec: {${spec}}\n---\n`;

  test("a HelmRelease with chartRef and a Kustomization, across namespaces", () => {
    const text =
      repository +
      follower(
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        "web",
        "chartRef: {kind: OCIRepository, name: app, namespace: apps}",
      ) +
      follower(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "site",
        "sourceRef: {kind: OCIRepository, name: app, namespace: apps}",
      ) +
      follower(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "git",
        "sourceRef: {kind: GitRepository, name: app, namespace: apps}",
      );
    const compiled = compileText(text);
    const followers = createCatalog(compiled).followersOf(onlySubscription(compiled));
    expect(followers.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      "HelmRelease/web",
      "Kustomization/site",
    ]);
  });

  test("a HelmRelease with neither chart nor chartRef is refused", () => {
    const compiled = compileText(follower("helm.toolkit.fluxcd.io/v2", "HelmRelease", "web", "interval: 1m"));
    expect(codesOf(compiled)).toEqual(["object-invalid"]);
  });
});

describe("alerts", () => {
  const object = (kind: string, name: string, spec: string): string =>
    `apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: ${kind}\nmetadata: {name: ${name}, namespace: flux}\nspec: {${spec}}\n---\n`;
  const provider = object("Provider", "hook", "type: generic-hmac, address: 'https://sluice.example/in'");
  const alert = (rest = ""): string =>
    object(
      "Alert",
      "all",
      `providerRef: {name: hook}, eventSources: [{kind: OCIRepository, name: '*', namespace: apps}, {kind: Kustomization, name: site}]${rest}`,
    );

  test("name what is sent where", () => {
    expect(compileText(provider + alert()).alerts).toEqual([
      {
        cluster: "prod",
        namespace: "flux",
        name: "all",
        provider: { type: "generic-hmac", name: "hook", address: "https://sluice.example/in" },
        severity: "info",
        sources: [
          { kind: "OCIRepository", namespace: "apps", name: "*", matchLabels: {} },
          { kind: "Kustomization", namespace: "flux", name: "site", matchLabels: {} },
        ],
      },
    ]);
  });

  test.each<[string, string]>([
    ["suspended", provider + alert(", suspend: true")],
    ["with a suspended provider", object("Provider", "hook", "type: generic, suspend: true") + alert()],
    ["without its provider", alert()],
  ])("%s send nothing", (_, text) => {
    expect(compileText(text).alerts).toEqual([]);
  });
});
