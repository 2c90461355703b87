import { describe, expect, test } from "vitest";
import { codesOf, compileText, ociRepository, onlySubscription } from "./compile-text.ts";

const receiver = (
  resource: string,
  rest = "type: generic-hmac",
  name = "hook",
  namespace = "apps",
): string => `
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${rest}, resources: [${resource}]}
---
`;

const labelled = ociRepository("", "labels: {team: blue, tier: web}");

const reachedBy = (text: string, options: Parameters<typeof compileText>[1] = {}): readonly string[] =>
  onlySubscription(compileText(text, options)).receivers;

describe("what a Receiver reaches", () => {
  test.each<[string, string]>([
    ["by name", "{kind: OCIRepository, name: app}"],
    ["with apiVersion", "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, name: app}"],
    [
      "with an older apiVersion",
      "{apiVersion: source.toolkit.fluxcd.io/v1beta2, kind: OCIRepository, name: app}",
    ],
    ["with namespace", "{kind: OCIRepository, name: app, namespace: apps}"],
    ["by labels", "{kind: OCIRepository, name: '*', matchLabels: {team: blue}}"],
    ["by empty labels: everything of the namespace", "{kind: OCIRepository, name: '*', matchLabels: {}}"],
    ["by name, whatever the labels", "{kind: OCIRepository, name: app, matchLabels: {team: red}}"],
  ])("%s", (_, resource) => {
    expect(reachedBy(labelled + receiver(resource))).toEqual(["prod/apps/hook"]);
  });

  test.each<[string, string]>([
    ["another name", "{kind: OCIRepository, name: other}"],
    ["another kind", "{kind: HelmChart, name: app}"],
    ["another namespace", "{kind: OCIRepository, name: app, namespace: other}"],
    ["other labels", "{kind: OCIRepository, name: '*', matchLabels: {team: red}}"],
    ["one label of two", "{kind: OCIRepository, name: '*', matchLabels: {team: blue, tier: db}}"],
    ["another group", "{apiVersion: other/v1, kind: OCIRepository, name: app}"],
    ["a wildcard without labels", "{kind: OCIRepository, name: '*'}"],
  ])("not: %s", (_, resource) => {
    expect(reachedBy(labelled + receiver(resource))).toEqual([]);
  });

  test("another namespace, unless the cluster forbids it", () => {
    const text =
      labelled + receiver("{kind: OCIRepository, name: app, namespace: apps}", undefined, "hook", "flux");
    expect(reachedBy(text)).toEqual(["prod/flux/hook"]);
    expect(reachedBy(text, { crossNamespace: false })).toEqual([]);
    expect(codesOf(compileText(text, { crossNamespace: false }))).toContain("receiver-cross-namespace");
  });

  test("several, in order", () => {
    const resource = "{kind: OCIRepository, name: app}";
    const text =
      labelled + receiver(resource, "type: generic-oidc", "b") + receiver(resource, undefined, "a");
    expect(reachedBy(text)).toEqual(["prod/apps/a", "prod/apps/b"]);
  });

  test.each<[string, string]>([
    ["suspended", "type: generic-hmac, suspend: true"],
    ["of a registry's type", "type: harbor"],
  ])("none that is %s", (_, rest) => {
    expect(reachedBy(labelled + receiver("{kind: OCIRepository, name: app}", rest))).toEqual([]);
  });
});

describe("findings", () => {
  const codesFor = (resource: string, rest?: string): readonly string[] =>
    codesOf(compileText(labelled + receiver(resource, rest))).filter((code) => code !== "receiver-absent");

  test.each<[string, string, string | undefined, readonly string[]]>([
    ["nothing to say", "{kind: OCIRepository, name: app}", undefined, []],
    ["a wildcard without labels", "{kind: OCIRepository, name: '*'}", undefined, ["receiver-wildcard"]],
    ["an absent object", "{kind: OCIRepository, name: gone}", undefined, ["receiver-resource-absent"]],
    ["a missing apiVersion", "{kind: HelmRelease, name: a}", undefined, ["receiver-api-version"]],
    [
      "a wrong apiVersion",
      "{apiVersion: x/v1, kind: OCIRepository, name: app}",
      undefined,
      ["receiver-api-version"],
    ],
    ["no authentication", "{kind: OCIRepository, name: app}", "type: generic", ["receiver-unauthenticated"]],
    ["a type not served", "{kind: OCIRepository, name: app}", "type: github", ["receiver-type-not-served"]],
    ["suspended", "{kind: OCIRepository, name: app}", "type: generic-hmac, suspend: true", ["suspended"]],
    [
      "a filter of its own",
      "{kind: OCIRepository, name: app}",
      "type: generic-hmac, resourceFilter: \"req.tag == '1'\"",
      ["receiver-filter-own"],
    ],
    [
      "Sluice's filter",
      '{kind: OCIRepository, name: app, filter: "res.metadata.name in req.?objects.orValue([])"}',
      undefined,
      [],
    ],
  ])("%s", (_, resource, rest, codes) => {
    expect(codesFor(resource, rest)).toEqual(codes);
  });

  test("an OCI HelmRepository does nothing when it is annotated", () => {
    const repository =
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: apps}\nspec: {type: oci, url: 'oci://ghcr.io/acme'}\n---\n";
    const compiled = compileText(repository + receiver("{kind: HelmRepository, name: charts}"));
    expect(codesOf(compiled)).toEqual(["receiver-resource-inert"]);
  });

  test("two Receivers that may share a path", () => {
    const resource = "{kind: OCIRepository, name: app, namespace: apps}";
    const text = receiver(resource, undefined, "a", "bc1") + receiver(resource, undefined, "ab", "c1");
    expect(codesOf(compileText(labelled + text))).toEqual(["receiver-path-shared"]);
  });

  test("an object that no Receiver reaches", () => {
    expect(codesOf(compileText(labelled))).toEqual(["receiver-absent"]);
  });
});
