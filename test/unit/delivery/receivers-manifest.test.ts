import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { EXACT_FILTER, isExactFilter } from "../../../shared/delivery/exact-filter.ts";
import { toYaml } from "../../../shared/delivery/manifest-yaml.ts";
import type { ReceiverPlan } from "../../../shared/delivery/receiver-manifest.ts";
import { type ClusterPlan, toReceiversManifests } from "../../../shared/delivery/receivers-manifest.ts";
import type { ObjectRef } from "../../../shared/ports.ts";

const oci = (namespace: string, name: string): ObjectRef => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  namespace,
  name,
});
const chart: ObjectRef = {
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "HelmChart",
  namespace: "apps",
  name: "c",
};

const targets = [oci("infra", "base"), oci("apps", "podinfo"), chart, oci("apps", "api"), oci("apps", "api")];

const hmac = { kind: "generic-hmac", secretName: "sluice-token" } as const;
const plan = (extra: Partial<ReceiverPlan> = {}): ReceiverPlan => ({
  name: "sluice",
  targets,
  reach: "all",
  authentication: hmac,
  ...extra,
});

const print = (extra: Partial<ClusterPlan> = {}): { text: string; objects: Record<string, unknown>[] } => {
  const text = toYaml(toReceiversManifests({ receivers: plan(), fluxNamespace: "flux-system", ...extra }));
  const objects = parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Record<string, unknown>;
  });
  return { text, objects };
};

const kindsOf = (objects: readonly Record<string, unknown>[]): readonly unknown[] =>
  objects.map(({ kind }) => kind);

describe("Receivers", () => {
  test("one per namespace, reaching all of the kinds in question through the exact filter", () => {
    const { objects } = print();
    expect(kindsOf(objects)).toEqual(["Secret", "Receiver", "Secret", "Receiver"]);
    expect(objects[1]).toEqual({
      apiVersion: "notification.toolkit.fluxcd.io/v1",
      kind: "Receiver",
      metadata: { name: "sluice", namespace: "apps" },
      spec: {
        type: "generic-hmac",
        secretRef: { name: "sluice-token" },
        resourceFilter: EXACT_FILTER,
        resources: ["HelmChart", "OCIRepository"].map((kind) => ({
          apiVersion: "source.toolkit.fluxcd.io/v1",
          kind,
          namespace: "apps",
          name: "*",
          matchLabels: {},
        })),
      },
    });
  });

  test.each([
    { providers: ["apps/a"], reached: { apps: ["apps"], infra: ["apps"] } },
    { providers: ["apps/a", "infra/b"], reached: { apps: ["apps"], infra: ["infra"] } },
    { providers: ["flux-system/a"], reached: { apps: ["flux-system"], infra: ["flux-system"] } },
  ])("reach the providers $providers, those of their own namespace alone if there are", (given) => {
    const providers = given.providers.map((written) => {
      const [namespace = "", name = ""] = written.split("/");
      return { apiVersion: "fluxcd.controlplane.io/v1", kind: "ResourceSetInputProvider", namespace, name };
    });
    const { objects } = print({ receivers: plan({ providers }) });
    const reached = objects
      .filter(({ kind }) => kind === "Receiver")
      .map(({ metadata, spec }) => {
        const { resources } = spec as { resources: readonly { kind: string; namespace: string }[] };
        const found = resources.filter(({ kind }) => kind === "ResourceSetInputProvider");
        return [(metadata as { namespace: string }).namespace, found.map(({ namespace }) => namespace)];
      });
    expect(Object.fromEntries(reached)).toEqual(given.reached);
  });

  test("in one namespace, by name, each target once", () => {
    const { objects } = print({ receivers: plan({ namespace: "flux-system", reach: "named" }) });
    expect(kindsOf(objects)).toEqual(["Secret", "Receiver"]);
    const { resources } = (objects[1] as { spec: { resources: { namespace: string; name: string }[] } }).spec;
    expect(resources.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      "apps/c",
      "apps/api",
      "apps/podinfo",
      "infra/base",
    ]);
    expect(JSON.stringify(resources)).not.toContain("matchLabels");
  });

  test("keep the filter in lines that a person can review", () => {
    expect(print().text).toContain(
      "  resourceFilter: |-\n    type(req.?objects.orValue(null)) == list &&\n    (res.kind",
    );
  });

  test("do not depend on the order of the targets", () => {
    expect(print({ receivers: plan({ targets: targets.toReversed() }) }).text).toBe(print().text);
  });

  test("of type generic-oidc name issuer, audience and who may call, and no Secret", () => {
    const validations = [{ expression: "claims.sub == 'arn:x'", message: "not Sluice" }];
    const authentication = {
      kind: "generic-oidc",
      issuerUrl: "https://i",
      audience: "prod",
      validations,
    } as const;
    const { objects } = print({ receivers: plan({ namespace: "flux-system", authentication }) });
    expect(objects).toMatchObject([
      {
        spec: {
          type: "generic-oidc",
          oidcProviders: [{ issuerURL: "https://i", audience: "prod", validations }],
        },
      },
    ]);
    expect(() =>
      print({ receivers: plan({ authentication: { ...authentication, validations: [] } }) }),
    ).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  test("come with Secrets that hold no token", () => {
    const { objects, text } = print();
    for (const secret of objects.filter(({ kind }) => kind === "Secret")) {
      expect(secret).not.toHaveProperty("stringData");
      expect(secret).not.toHaveProperty("data");
      expect(secret).toMatchObject({ metadata: { labels: { "reconcile.fluxcd.io/watch": "Enabled" } } });
    }
    expect(text).toContain("openssl rand -hex 32");
  });

  test("are none where nothing is to be poked", () => {
    expect(print({ receivers: plan({ targets: [] }) }).text).toBe("");
    expect(print({ receivers: plan({ targets: [], namespace: "flux-system" }) }).text).toBe("");
  });
});

describe("the way in", () => {
  test("by Ingress", () => {
    const exposure = {
      kind: "ingress",
      host: "flux.example.com",
      className: "nginx",
      tlsSecretName: "tls",
      fromNamespace: "ingress-nginx",
    } as const;
    const { objects } = print({ exposure });
    expect(objects.at(-2)).toMatchObject({
      kind: "Ingress",
      metadata: { namespace: "flux-system" },
      spec: {
        ingressClassName: "nginx",
        tls: [{ hosts: ["flux.example.com"], secretName: "tls" }],
        rules: [
          {
            host: "flux.example.com",
            http: {
              paths: [
                {
                  path: "/hook/",
                  pathType: "Prefix",
                  backend: { service: { name: "webhook-receiver", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    });
    expect(objects.at(-1)).toMatchObject({
      kind: "NetworkPolicy",
      spec: {
        podSelector: { matchLabels: { app: "notification-controller" } },
        ingress: [
          {
            from: [
              { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } } },
            ],
            ports: [{ protocol: "TCP", port: 9292 }],
          },
        ],
      },
    });
  });

  test("by Gateway, for POST alone", () => {
    const gateway = { name: "public", namespace: "gateways" };
    const { objects } = print({
      exposure: { kind: "gateway", host: "flux.example.com", gateway, fromNamespace: "gateways" },
    });
    expect(objects.at(-2)).toMatchObject({
      kind: "HTTPRoute",
      spec: {
        parentRefs: [gateway],
        hostnames: ["flux.example.com"],
        rules: [
          {
            matches: [{ method: "POST", path: { type: "PathPrefix", value: "/hook/" } }],
            backendRefs: [{ name: "webhook-receiver", port: 80 }],
          },
        ],
      },
    });
  });
});

test("confirmation comes by an Alert and a signing Provider in each namespace", () => {
  const confirmation = {
    name: "sluice",
    address: "https://sluice.example.com/events/prod",
    secretName: "key",
    objects: targets,
  };
  const { objects } = print({ receivers: plan({ authentication: hmac }), confirmation });
  expect(kindsOf(objects.slice(4))).toEqual(["Secret", "Provider", "Alert", "Secret", "Provider", "Alert"]);
  expect(objects[5]).toMatchObject({
    spec: { type: "generic-hmac", address: confirmation.address, secretRef: { name: "key" } },
  });
  expect(objects[6]).toMatchObject({
    metadata: { namespace: "apps" },
    spec: {
      providerRef: { name: "sluice" },
      eventSources: [
        { kind: "HelmChart", name: "*" },
        { kind: "OCIRepository", name: "*" },
      ],
    },
  });
});

describe("the exact filter", () => {
  test("is known in any layout", () => {
    expect(isExactFilter(EXACT_FILTER.replaceAll(/\s+/g, "  \n "))).toBe(true);
  });

  test.each([
    ["true"],
    [""],
    [`${EXACT_FILTER} || true`],
    [EXACT_FILTER.replace("&&", "||")],
    [EXACT_FILTER.replace("req.objects", "req.others")],
    [EXACT_FILTER.split("&&")[1] ?? ""],
  ])("%j is another one", (filter) => {
    expect(isExactFilter(filter)).toBe(false);
  });
});
