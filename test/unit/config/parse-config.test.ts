import { describe, expect, test } from "vitest";
import { toRepositoryName } from "../../../shared/artifact/repository.ts";
import { SOURCE_TYPES } from "../../../shared/config/schema-sources.ts";
import { CLAIM_NAMES } from "../../../shared/config/schema-trust.ts";
import { rulesFor } from "../../../shared/config/to-rules.ts";
import { parseConfig } from "../../../shared/config.ts";
import { isClaimName } from "../../../shared/signature/certificate/fulcio-certificate.ts";

const parse = (text: string) => parseConfig(text, { file: "sluice.yaml", baseFolder: "/etc/sluice" });
const MINIMAL = "mode: observe\nclusters: [{name: a, manifests: {folder: clusters/a}}]\n";

test("what the shortest file leaves out has a default", () => {
  expect(parse(MINIMAL)).toEqual({
    secretPlaces: new Map(),
    mode: "observe",
    listen: { host: "127.0.0.1", port: 8080 },
    state: { path: "/etc/sluice/.sluice/sluice.db", retentionMs: 90 * 86_400_000 },
    clusters: [
      {
        name: "a",
        manifests: { kind: "folder", folder: "/etc/sluice/clusters/a", intervalMs: 60_000 },
        secrets: { data: new Map() },
      },
    ],
    sources: [],
    endpoints: [],
    trustedRoots: new Map(),
    rules: [],
    evidence: { deadlineMs: 900_000 },
    registries: new Map(),
    network: { allowPrivate: [] },
    sweep: { intervalMs: 900_000, tagsMaxAgeMs: 300_000, requestBudget: 2_000 },
    limits: {
      bodyBytes: 8 * 1_048_576,
      eventsPerMinute: 6_000,
      evaluations: 8,
      deliveries: 64,
      attempts: 300,
      registryTimeoutMs: 30_000,
      receiverTimeoutMs: 60_000,
    },
  });
});

describe("clusters", () => {
  const clusterOf = (yaml: string) => parse(`mode: observe\nclusters:\n- name: a\n${yaml}`).clusters[0];

  test("receiver: paths become absolute, secrets stay references, the address loses its last slash", () => {
    const text = `
  manifests: {folder: /srv/a, interval: 30s}
  receiver:
    baseUrl: https://flux.example.com/base/
    token: {env: TOKEN}
    tokens: {"apps/hook": {file: secrets/hook}}
    previousToken: {file: /run/old}
    previousTokens: {"apps/hook": {env: OLD}}
    audience: cluster-a
    audiences: {"apps/hook": hook-a}
    algorithm: sha512
    signingKey: {env: SIGNING}
    previousSigningKey: {env: SIGNED_BEFORE}
    concurrency: 2
    requestsPerMinute: 30
    allowPrivateAddresses: true
    ca: ca.pem
    clientCertificate: {certificate: client.pem, key: {file: client.key}}
`;
    expect(clusterOf(text)).toEqual({
      name: "a",
      manifests: { kind: "folder", folder: "/srv/a", intervalMs: 30_000 },
      receiver: {
        baseUrl: "https://flux.example.com/base",
        token: { env: "TOKEN" },
        tokens: new Map([["apps/hook", { file: "/etc/sluice/secrets/hook" }]]),
        previousToken: { file: "/run/old" },
        previousTokens: new Map([["apps/hook", { env: "OLD" }]]),
        audience: "cluster-a",
        audiences: new Map([["apps/hook", "hook-a"]]),
        algorithm: "sha512",
        signingKeys: [{ env: "SIGNING" }, { env: "SIGNED_BEFORE" }],
        concurrency: 2,
        intervalMs: 2_000,
        allowPrivateAddresses: true,
        ca: "/etc/sluice/ca.pem",
        clientCertificate: { certificate: "/etc/sluice/client.pem", key: { file: "/etc/sluice/client.key" } },
      },
      secrets: { data: new Map() },
    });
  });

  test("confirmation and inputs: paths of ours by the cluster's name, defaults", () => {
    const text =
      "  manifests: {folder: x}\n  confirmation: {secrets: [{file: k}]}\n  inputs: {tokens: [{env: T}]}\n";
    expect(clusterOf(text)).toMatchObject({
      confirmation: {
        path: "/clusters/a/events",
        secrets: [{ file: "/etc/sluice/k" }],
        withinMs: 300_000,
        repokes: 2,
      },
      inputs: {
        path: "/clusters/a/inputs",
        tokens: [{ env: "T" }],
        repositories: [],
        providers: [],
        limit: 100,
      },
    });
  });

  test("inputs: who asks for them, by namespace and name", () => {
    const inputs = "inputs: {tokens: [{env: T}], providers: [apps/versions]}";
    expect(clusterOf(`  manifests: {folder: x}\n  ${inputs}\n`)?.inputs?.providers).toEqual([
      {
        apiVersion: "fluxcd.controlplane.io/v1",
        kind: "ResourceSetInputProvider",
        namespace: "apps",
        name: "versions",
      },
    ]);
  });

  test.each([
    [
      "artifact: oci://ghcr.io/acme/m:prod, keys: [k.pub], transparencyLog: none",
      {
        kind: "artifact",
        reference: "ghcr.io/acme/m:prod",
        trust: {
          identities: [],
          keys: [{ file: "/etc/sluice/k.pub" }],
          transparencyLog: "none",
          unverified: false,
        },
        intervalMs: 60_000,
      },
    ],
    [
      "kubeconfig: kube, context: prod",
      { kind: "kubeconfig", path: "/etc/sluice/kube", context: "prod", intervalMs: 60_000 },
    ],
    ["inCluster: true, interval: 5m", { kind: "in-cluster", intervalMs: 300_000 }],
  ])("manifests: {%s}", (yaml, expected) => {
    expect(clusterOf(`  manifests: {${yaml}}\n`)?.manifests).toEqual(expected);
  });

  test.each([
    ["secrets: ./s", { folder: "/etc/sluice/s", data: new Map() }],
    [
      'secrets: {"apps/keys": {cosign.pub: k.pub, trusted_root.json: {env: ROOT}}}',
      {
        data: new Map([
          [
            "apps/keys",
            new Map<string, unknown>([
              ["cosign.pub", { file: "/etc/sluice/k.pub" }],
              ["trusted_root.json", { env: "ROOT" }],
            ]),
          ],
        ]),
      },
    ],
  ])("%s", (yaml, expected) => {
    expect(clusterOf(`  manifests: {folder: x}\n  ${yaml}\n`)?.secrets).toEqual(expected);
  });
});

describe("sources", () => {
  test.each(SOURCE_TYPES)("%s takes its name and path from its type", (type) => {
    const [source] = parse(`${MINIMAL}sources: [{type: ${type}, unauthenticated: allow}]\n`).sources;
    expect(source).toEqual({
      type,
      name: type,
      path: `/events/${type}`,
      secrets: [],
      unauthenticated: true,
    });
  });

  test("header and registry are written as requests and references write them", () => {
    const [source] = parse(
      `${MINIMAL}sources: [{type: harbor, name: eu, header: X-Key, registry: Harbor.Example:443, secrets: [{env: A}]}]`,
    ).sources;
    expect(source).toEqual({
      type: "harbor",
      name: "eu",
      path: "/events/eu",
      header: "x-key",
      registry: "harbor.example",
      secrets: [{ env: "A" }],
      unauthenticated: false,
    });
  });

  test("two of one type need names only", () => {
    const text = `${MINIMAL}sources: [{type: zot, secrets: [{env: A}]}, {type: zot, name: b, secrets: [{env: A}]}]`;
    expect(parse(text).sources.map(({ path }) => path)).toEqual(["/events/zot", "/events/b"]);
  });
});

describe("rules", () => {
  const rule = (yaml: string) => parse(`${MINIMAL}evidence: {deadline: 20m}\nrules: [{${yaml}}]\n`).rules[0];

  test("identities keep their patterns as written; the deadline falls back to the common one", () => {
    const yaml =
      'repositories: ghcr.io/acme/**, identities: [{issuer: "^a$", subject: "^b$", claims: {buildTrigger: "^push$"}}]';
    expect(rule(yaml)).toMatchObject({
      key: "rules[0]",
      identities: [{ issuer: "^a$", subject: "^b$", claims: { buildTrigger: "^push$" } }],
      keys: [],
      transparencyLog: "required",
      unverified: false,
      deadlineMs: 1_200_000,
    });
  });

  test("keys, predicate, signature repository and deadline", () => {
    const yaml =
      "repositories: [a.example/x], keys: [k.pub, {env: KEY}], predicateType: https://slsa.dev/provenance/v1, signatureRepository: docker.io/acme/sigs, evidence: {deadline: 30s}";
    expect(rule(yaml)).toMatchObject({
      keys: [{ file: "/etc/sluice/k.pub" }, { env: "KEY" }],
      predicateType: "https://slsa.dev/provenance/v1",
      signatureRepository: { registry: "index.docker.io", repository: "acme/sigs" },
      deadlineMs: 30_000,
    });
  });

  test("every rule that matches a repository is found", () => {
    const { rules } = parse(
      `${MINIMAL}rules:\n- {repositories: ghcr.io/acme/**, keys: [a]}\n- {repositories: [ghcr.io/acme/app, quay.io/*], keys: [b]}\n- {repositories: "**", unverified: allow}\n`,
    );
    const keys = (host: string, path: string) =>
      rulesFor(rules, toRepositoryName(host, path)).map(({ key }) => key);
    expect(keys("ghcr.io", "acme/app")).toEqual(["rules[0]", "rules[1]", "rules[2]"]);
    expect(keys("ghcr.io", "acme/other")).toEqual(["rules[0]", "rules[2]"]);
    expect(keys("docker.io", "nginx")).toEqual(["rules[2]"]);
  });

  test("every claim that may be written is one that the verifier compares", () => {
    expect(CLAIM_NAMES.filter((claim) => !isClaimName(claim))).toEqual([]);
  });
});

test("registries are keyed by the host as references spell it", () => {
  const { registries } = parse(
    `${MINIMAL}registries: {Docker.io: {credentials: {dockerConfig: c.json}}, "127.0.0.1:5000": {plainHttp: true, credentials: {username: u, password: {env: P}}}}`,
  );
  expect([...registries]).toEqual([
    [
      "index.docker.io",
      {
        plainHttp: false,
        allowPrivateAddresses: false,
        credentials: { kind: "docker-config", path: "/etc/sluice/c.json" },
      },
    ],
    [
      "127.0.0.1:5000",
      {
        plainHttp: true,
        allowPrivateAddresses: false,
        credentials: { kind: "basic", username: "u", password: { env: "P" } },
      },
    ],
  ]);
});

describe("endpoints and identity", () => {
  test("an endpoint's address may be a secret; what it hears of may be narrowed", () => {
    const text = `${MINIMAL}endpoints: [{name: bot, url: {env: URL}, secrets: [{env: K}], repositories: ["ghcr.io/**"], clusters: [a]}]\n`;
    const [endpoint] = parse(text).endpoints;
    expect(endpoint).toMatchObject({
      name: "bot",
      url: { env: "URL" },
      format: "json",
      clusters: ["a"],
      concurrency: 1,
    });
    expect(endpoint?.repositories.map((glob) => glob.text)).toEqual(["ghcr.io/**"]);
  });

  test.each([
    [
      "issuer: https://sluice.example.com/, keys: [{file: k.pem}]",
      {
        kind: "issuer",
        issuer: "https://sluice.example.com",
        subject: "sluice",
        keys: [{ file: "/etc/sluice/k.pem" }],
      },
    ],
    ["tokens: {prod: {file: /run/t}}", { kind: "tokens", tokens: new Map([["prod", { file: "/run/t" }]]) }],
  ])("identity: {%s}", (yaml, expected) => {
    expect(parse(`${MINIMAL}identity: {${yaml}}\n`).identity).toEqual(expected);
  });
});
