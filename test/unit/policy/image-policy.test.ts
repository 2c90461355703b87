import { describe, expect, test } from "vitest";
import { createCatalog } from "../../../shared/policy/catalog/catalog.ts";
import { codesOf, compileText, onlySubscription, variable } from "./compile-text.ts";

const repository = (spec = "", namespace = "apps"): string => `
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: app, namespace: ${namespace}, labels: {team: blue}}
spec: {image: ghcr.io/acme/app, ${spec}}
---
`;

const policy = (spec: string, reference = "name: app", name = "app"): string => `
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: ${name}, namespace: apps, labels: {tier: ${name}}}
spec: {imageRepositoryRef: {${reference}}, ${spec}}
---
`;

const selectorOf = (policySpec: string, repositorySpec = "") =>
  onlySubscription(compileText(repository(repositorySpec) + policy(policySpec))).selector;

const DEFAULT_EXCLUSIONS = ["^.*\\.sig$"];

describe("ImagePolicy", () => {
  test.each<[string, string, object]>([
    ["semver", "policy: {semver: {range: 1.x}}", { order: { by: "semver", range: "1.x" } }],
    ["alphabetical", "policy: {alphabetical: {}}", { order: { by: "alphabetical", order: "asc" } }],
    ["numerical", "policy: {numerical: {order: desc}}", { order: { by: "numerical", order: "desc" } }],
    ["in capitals", "policy: {numerical: {order: DESC}}", { order: { by: "numerical", order: "desc" } }],
    [
      "the first of several",
      "policy: {numerical: {}, semver: {range: '*'}}",
      { order: { by: "semver", range: "*" } },
    ],
    [
      "with a filter",
      "filterTags: {pattern: ^v, extract: $0}, policy: {alphabetical: {}}",
      { order: { by: "alphabetical", order: "asc" }, filter: { pattern: "^v", extract: "$0" } },
    ],
    [
      "with an empty filter, which is one all the same",
      "filterTags: {}, policy: {alphabetical: {}}",
      { order: { by: "alphabetical", order: "asc" }, filter: {} },
    ],
  ])("%s", (_, spec, expected) => {
    expect(selectorOf(spec)).toEqual({ kind: "image-policy", exclusions: DEFAULT_EXCLUSIONS, ...expected });
  });

  test.each<[string, readonly string[]]>([
    ["", DEFAULT_EXCLUSIONS],
    ["exclusionList: []", DEFAULT_EXCLUSIONS],
    ["exclusionList: ['^x']", ["^x"]],
  ])("scanned with %j leaves out %j", (spec, exclusions) => {
    expect(selectorOf("policy: {alphabetical: {}}", spec)).toMatchObject({ exclusions });
  });

  test.each<[string, "always" | undefined]>([
    ["digestReflectionPolicy: Never", undefined],
    ["digestReflectionPolicy: IfNotPresent", undefined],
    ["digestReflectionPolicy: Always, interval: 10m", "always"],
  ])("%s", (spec, digest) => {
    const selector = selectorOf(`policy: {alphabetical: {}}, ${spec}`);
    expect(selector).toMatchObject({ kind: "image-policy" });
    expect("digest" in selector ? selector.digest : undefined).toBe(digest);
  });

  test("digests without an interval are refused, as by Flux", () => {
    const compiled = compileText(
      repository() + policy("policy: {alphabetical: {}}, digestReflectionPolicy: Always"),
    );
    expect([compiled.subscriptions, codesOf(compiled)]).toEqual([[], ["object-invalid"]]);
  });

  test("what is annotated is the ImageRepository: the policy alone scans nothing", () => {
    expect(onlySubscription(compileText(repository() + policy("policy: {alphabetical: {}}")))).toMatchObject({
      id: "prod/ImagePolicy/apps/app",
      target: { kind: "ImageRepository", namespace: "apps", name: "app" },
      repository: { registry: "ghcr.io", repository: "acme/app" },
      rules: [],
    });
  });

  test.each<[string, string]>([
    [repository("suspend: true"), policy("policy: {alphabetical: {}}")],
    [repository(), policy("suspend: true, policy: {alphabetical: {}}")],
  ])("suspended by either", (scanned, chosen) => {
    expect(onlySubscription(compileText(scanned + chosen)).suspended).toBe(true);
  });

  test.each<[string, string, string]>([
    ["no policy", repository() + policy("policy: {}"), "object-invalid"],
    [
      "an order Flux does not know",
      repository() + policy("policy: {numerical: {order: up}}"),
      "object-invalid",
    ],
    ["no repository", policy("policy: {alphabetical: {}}"), "source-absent"],
    [
      "a tag on the image",
      repository().replace("acme/app", "acme/app:1") + policy("policy: {alphabetical: {}}"),
      "url-invalid",
    ],
    [
      "a scheme on the image",
      repository().replace("ghcr.io", "oci://ghcr.io") + policy("policy: {alphabetical: {}}"),
      "url-invalid",
    ],
    [
      "a variable in the extract",
      repository() +
        policy(`filterTags: {pattern: '^(?P<n>\\d+)', extract: '${variable("x")}'}, policy: {numerical: {}}`),
      "unresolved",
    ],
  ])("%s is said", (_, text, code) => {
    const compiled = compileText(text);
    expect(compiled.subscriptions).toEqual([]);
    expect(codesOf(compiled)).toEqual([code]);
  });

  test("a group of the pattern in the extract is no variable", () => {
    const spec = `filterTags: {pattern: '^(?P<n>\\d+)', extract: '${variable("n")}'}, policy: {numerical: {}}`;
    expect(selectorOf(spec)).toMatchObject({ filter: { extract: variable("n") } });
  });

  test.each<[string, boolean]>([
    ["", true],
    ["accessFrom: {namespaceSelectors: [{matchLabels: {kubernetes.io/metadata.name: apps}}]}", true],
    ["accessFrom: {namespaceSelectors: [{}]}", false],
  ])("across namespaces with %j: access in doubt is %s", (access, doubtful) => {
    const text =
      repository(access, "flux") + policy("policy: {alphabetical: {}}", "name: app, namespace: flux");
    const compiled = compileText(text);
    expect(compiled.subscriptions).toHaveLength(1);
    expect(codesOf(compiled).includes("access-denied")).toBe(doubtful);
  });
});

describe("ImageUpdateAutomation", () => {
  const automation = (spec: string, namespace = "apps"): string =>
    `apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageUpdateAutomation\nmetadata: {name: bot, namespace: ${namespace}}\nspec: {${spec}}\n---\n`;
  const policies =
    policy("policy: {alphabetical: {}}", undefined, "a") +
    policy("policy: {alphabetical: {}}", undefined, "b");

  test.each<[string, string, readonly string[]]>([
    ["all of its namespace", automation(""), ["a", "b"]],
    ["by labels", automation("policySelector: {matchLabels: {tier: a}}"), ["a"]],
    [
      "by expressions",
      automation("policySelector: {matchExpressions: [{key: tier, operator: NotIn, values: [a]}]}"),
      ["b"],
    ],
    ["none of another namespace", automation("", "other"), []],
  ])("follows %s", (_, text, names) => {
    const compiled = compileText(repository() + policies + text);
    const catalog = createCatalog(compiled);
    const followed = compiled.subscriptions.filter((entry) => catalog.followersOf(entry).length > 0);
    expect(followed.map(({ object }) => object.name)).toEqual(names);
  });
});
