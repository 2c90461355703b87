import { describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import { checkReach, type ReachInput } from "../../../shared/delivery/check-reach.ts";
import { EXACT_FILTER } from "../../../shared/delivery/exact-filter.ts";
import type { ObjectView, ReceiverResource, ReceiverView } from "../../../shared/delivery/receiver-view.ts";

const object = (
  name: string,
  { kind = "OCIRepository", namespace = "apps", labels = {} as Record<string, string> } = {},
): ObjectView => ({ object: { apiVersion: "source.toolkit.fluxcd.io/v1", kind, namespace, name }, labels });

const podinfo = object("podinfo", { labels: { team: "blue" } });
const api = object("api");

const receiver = (
  resources: readonly ReceiverResource[],
  extra: Partial<ReceiverView> = {},
): ReceiverView => ({
  id: "prod/apps/sluice",
  namespace: "apps",
  name: "sluice",
  type: "generic-hmac",
  suspended: false,
  resources,
  ...extra,
});

const named = (name: string, extra: Partial<ReceiverResource> = {}): ReceiverResource => ({
  kind: "OCIRepository",
  name,
  ...extra,
});

const check = (receivers: readonly ReceiverView[], extra: Partial<ReachInput> = {}) =>
  checkReach({
    subscriptions: [{ id: "prod/OCIRepository/apps/podinfo", target: podinfo.object }],
    receivers,
    objects: [podinfo, api],
    crossNamespace: true,
    ...extra,
  });

const codes = (...input: Parameters<typeof check>): readonly string[] =>
  check(...input).map(({ code }) => code);

describe("who asks for versions", () => {
  const provider = {
    apiVersion: "fluxcd.controlplane.io/v1",
    kind: "ResourceSetInputProvider",
    namespace: "apps",
    name: "versions",
  };
  const all = named("*", { matchLabels: {} });
  const { apiVersion, kind } = provider;
  test.each([
    { of: "by name", entry: { apiVersion, kind, name: "versions" }, expected: [] },
    { of: "with all of its kind", entry: { apiVersion, kind, name: "*", matchLabels: {} }, expected: [] },
    {
      of: "elsewhere",
      entry: { apiVersion, kind, namespace: "b", name: "*", matchLabels: {} },
      expected: ["provider-missed"],
    },
    { of: "not at all", entry: all, expected: ["provider-missed"] },
  ])("is reached $of", ({ entry, expected }) => {
    const judged = receiver([all, entry], { resourceFilter: EXACT_FILTER });
    const found = codes([judged], {
      providers: [provider],
      objects: [podinfo, api, { object: provider, labels: {} }],
    });
    expect(found).toEqual(expected);
  });

  test("says nothing of Receivers that are told of nothing, nor where nobody asks", () => {
    const other = receiver([named("api")], { id: "prod/apps/other", name: "other" });
    expect(codes([receiver([named("podinfo")])])).toEqual([]);
    const found = check([receiver([all, provider], { resourceFilter: EXACT_FILTER }), other], {
      providers: [provider],
      objects: [podinfo, api, { object: provider, labels: {} }],
    });
    expect(found).toEqual([]);
  });
});

describe("reach", () => {
  test.each([
    { of: "by name", resource: named("podinfo") },
    {
      of: "by name and apiVersion",
      resource: named("podinfo", { apiVersion: "source.toolkit.fluxcd.io/v1beta2" }),
    },
    { of: "by labels", resource: named("*", { matchLabels: { team: "blue" } }) },
    { of: "by name, though the labels differ", resource: named("podinfo", { matchLabels: { team: "red" } }) },
  ])("$of there is nothing to say", ({ resource }) => {
    expect(check([receiver([resource])])).toEqual([]);
  });

  test("of all with the exact filter there is nothing to say either", () => {
    const all = named("*", { matchLabels: {} });
    expect(check([receiver([all], { resourceFilter: EXACT_FILTER })])).toEqual([]);
    expect(check([receiver([{ ...all, filter: EXACT_FILTER }], { resourceFilter: "true" })])).toEqual([]);
  });

  test.each([
    { of: "another name", resources: [named("api")] },
    { of: "another kind", resources: [{ kind: "HelmChart", name: "podinfo" }] },
    { of: "another namespace", resources: [named("podinfo", { namespace: "other" })] },
    { of: "another group", resources: [named("podinfo", { apiVersion: "example.com/v1" })] },
    { of: "other labels", resources: [named("*", { matchLabels: { team: "red" } })] },
    { of: "inherited label names", resources: [named("*", { matchLabels: { constructor: "x" } })] },
    { of: "nothing", resources: [] },
  ])("$of misses the subscription", ({ resources }) => {
    expect(codes([receiver(resources)])).toContain("subscription-missed");
  });

  test("a subscription without any receiver is missed, and the message names it", () => {
    expect(check([])).toEqual([
      {
        code: "subscription-missed",
        severity: "error",
        message: "prod/OCIRepository/apps/podinfo: no Receiver reaches OCIRepository/apps/podinfo",
      },
    ]);
  });

  test("an entry that always fails reaches nothing", () => {
    expect(codes([receiver([named("*")])])).toEqual(["subscription-missed", "wildcard-without-labels"]);
  });
});

describe("what makes every delivery a 500", () => {
  test.each([
    { code: "object-absent", resource: named("ghost") },
    { code: "wildcard-without-labels", resource: named("*") },
    { code: "api-version-missing", resource: { kind: "HelmRelease", name: "podinfo" } },
  ])("$code", ({ code, resource }) => {
    const found = check([receiver([named("podinfo"), resource])]);
    expect(found).toMatchObject([{ code, severity: "error", receiver: "prod/apps/sluice" }]);
    expect(found[0]?.message).toContain("500");
  });

  test("other namespaces, where the cluster forbids them", () => {
    const other = object("podinfo", { namespace: "other" });
    const resources = [named("podinfo"), named("podinfo", { namespace: "other" })];
    const withOther = { objects: [podinfo, other] };
    expect(codes([receiver(resources, { resourceFilter: EXACT_FILTER })], withOther)).toEqual([]);
    expect(
      codes([receiver(resources, { resourceFilter: EXACT_FILTER })], { ...withOther, crossNamespace: false }),
    ).toEqual(["cross-namespace-refused"]);
  });
});

describe("neighbours", () => {
  test("two objects and no filter: each delivery pokes both", () => {
    const found = check([receiver([named("podinfo"), named("api")])]);
    expect(found).toMatchObject([{ code: "over-poke", severity: "warning" }]);
    expect(found[0]?.message).toContain("OCIRepository/apps/podinfo, OCIRepository/apps/api");
  });

  test("a filter on one entry leaves the other one open", () => {
    expect(codes([receiver([named("podinfo", { filter: EXACT_FILTER }), named("api")])])).toEqual([
      "over-poke",
    ]);
  });

  test("a filter of somebody else's is not judged", () => {
    const own = { resourceFilter: "req.image == 'podinfo'" };
    expect(codes([receiver([named("podinfo"), named("api")], own)])).toEqual(["filter-not-judged"]);
    expect(codes([receiver([named("podinfo")], own)])).toEqual([]);
  });

  test("many are counted, not all named", () => {
    const objects = [podinfo, ...Array.from({ length: 40 }, (_, index) => object(`app-${index}`))];
    const [found] = check([receiver([named("*", { matchLabels: {} })])], { objects });
    expect(found?.message).toMatch(/and 36 more$/);
  });
});

describe("the receiver itself", () => {
  test("of a type that Sluice cannot call reaches nothing", () => {
    expect(codes([receiver([named("podinfo")], { type: "harbor" })])).toEqual([
      "subscription-missed",
      "type-not-served",
    ]);
  });

  test("that is suspended is said to be", () => {
    expect(codes([receiver([named("podinfo")], { suspended: true })])).toEqual(["suspended"]);
  });
});

describe("paths", () => {
  const at = (name: string, namespace: string, extra: Partial<ReceiverView> = {}): ReceiverView =>
    receiver([named("podinfo", { namespace: "apps" })], {
      id: `prod/${namespace}/${name}`,
      name,
      namespace,
      ...extra,
    });
  const token = (text: string): Partial<ReceiverView> => ({ token: new Secret(text) });

  test.each([
    { of: "one token", pair: [at("a", "bc1", token("t")), at("ab", "c1", token("t"))], code: "path-shared" },
    { of: "unknown tokens", pair: [at("a", "bc1"), at("ab", "c1")], code: "path-possibly-shared" },
    {
      of: "one token known",
      pair: [at("a", "bc1", token("t")), at("ab", "c1")],
      code: "path-possibly-shared",
    },
    {
      of: "no tokens",
      pair: [at("a", "bc1", { type: "generic-oidc" }), at("ab", "c1", { type: "generic-oidc" })],
      code: "path-shared",
    },
    {
      of: "a token that ends as a name begins",
      pair: [at("b", "c", token("ta")), at("ab", "c", token("t"))],
      code: "path-shared",
    },
  ])("names that join to the same text with $of: $code", ({ pair, code }) => {
    expect(codes(pair)).toEqual([code]);
  });

  test.each([
    { of: "other tokens", pair: [at("a", "bc1", token("t")), at("ab", "c1", token("u"))] },
    { of: "other names", pair: [at("a", "c1", token("t")), at("b", "c1", token("t"))] },
  ])("with $of they differ", ({ pair }) => {
    expect(codes(pair)).toEqual([]);
  });

  test("no finding shows a path or token", () => {
    const found = check([at("a", "bc1", token("s3cret")), at("ab", "c1", token("s3cret"))]);
    expect(JSON.stringify(found)).not.toMatch(/s3cret|\/hook\//);
  });
});
