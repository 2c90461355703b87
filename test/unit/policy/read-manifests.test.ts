import { describe, expect, test } from "vitest";
import { splitDocuments } from "../../../shared/policy/manifest/documents.ts";
import { MANIFEST_LIMITS, type ManifestLimits } from "../../../shared/policy/manifest/limits.ts";
import { isForeign } from "../../../shared/policy/manifest/peek.ts";
import { readManifests } from "../../../shared/policy/manifest/read-manifests.ts";
import { variable } from "./compile-text.ts";

const read = (text: string | Uint8Array) =>
  readManifests([{ name: "apps/a.yaml", bytes: typeof text === "string" ? Buffer.from(text) : text }]);

const receiver = (name: string): string =>
  `apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\nmetadata: {name: ${name}, namespace: apps}\n`;

const summarise = (text: string) => {
  const { manifests, findings } = read(text);
  return {
    names: manifests.map(({ ref }) => ref.name),
    lines: manifests.map(({ where }) => where.line),
    findings: findings.map(({ code, where }) => `${code}:${where?.line}`),
  };
};

describe("documents", () => {
  test.each<[string, string, readonly number[]]>([
    ["none", "", []],
    ["comments alone", "# a\n---\n# b\n", []],
    ["one", "a: 1\n", [1]],
    ["markers", "---\na: 1\n---\nb: 2\n", [2, 4]],
    ["a marker with a comment", "--- # a\na: 1\n", [1]],
    ["content on the marker", "--- {a: 1}\n--- {b: 2}\n", [1, 2]],
    ["Windows line ends", "a: 1\r\n---\r\nb: 2\r\n", [1, 3]],
    ["no marker inside a line", "a: x --- y\nb: ---\n", [1]],
    ["byte order mark", "\uFEFFa: 1\n", [1]],
    ["empty ones between", "---\n---\n---\na: 1\n---\n", [4]],
  ])("%s", (_, text, lines) => {
    expect([...splitDocuments(text)].map(({ line }) => line)).toEqual(lines);
  });
});

describe("reading", () => {
  test("keeps Flux objects and Secrets with their lines, passes over the rest", () => {
    const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n";
    const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    expect(summarise(`${receiver("a")}---\n${deployment}---\n${secret}---\n${receiver("b")}`)).toEqual({
      names: ["a", "s", "b"],
      lines: [1, 9, 13],
      findings: [],
    });
  });

  test("gives objects without namespace the default one", () => {
    const { manifests } = read(
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: a}\n",
    );
    expect(manifests[0]?.ref.namespace).toBe("default");
  });

  test("expands lists, with the line of each item", () => {
    const item = (name: string): string =>
      `- apiVersion: notification.toolkit.fluxcd.io/v1\n  kind: Receiver\n  metadata: {name: ${name}}\n`;
    expect(summarise(`apiVersion: v1\nkind: List\nitems:\n${item("a")}${item("b")}`)).toEqual({
      names: ["a", "b"],
      lines: [4, 7],
      findings: [],
    });
  });

  test("expands typed lists, whose items leave their kind to it", () => {
    const list = {
      apiVersion: "notification.toolkit.fluxcd.io/v1",
      kind: "ReceiverList",
      items: [{ metadata: { name: "a" } }],
    };
    expect(summarise(JSON.stringify(list)).names).toEqual(["a"]);
  });

  test("a broken document spoils no other, and its line is told", () => {
    expect(summarise(`a: [b\n---\n${receiver("a")}---\nx: 1\n  y: 2\n---\n${receiver("b")}`)).toEqual({
      names: ["a", "b"],
      lines: [3, 10],
      findings: ["yaml-invalid:2", "yaml-invalid:7"],
    });
  });

  test.each<[string, string, string]>([
    ["plain text", "hello", "not-an-object:1"],
    ["a list", "- 1\n- 2\n", "not-an-object:1"],
    ["a repeated key", "a: 1\na: 2\n", "yaml-invalid:2"],
    [
      "a kustomization",
      "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
      "not-rendered:1",
    ],
    ["no name", "apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\n", "object-invalid:1"],
    [
      "a known kind",
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: a}\n",
      "kind-not-served:1",
    ],
    [
      "a version from the future",
      "apiVersion: source.toolkit.fluxcd.io/v9\nkind: OCIRepository\nmetadata: {name: a}\n",
      "version-unknown:1",
    ],
    ["a name to be substituted", receiver(JSON.stringify(variable("APP"))), "unresolved:1"],
    ["a templated name", receiver('"<< inputs.name >>"'), "unresolved:1"],
  ])("%s becomes a finding", (_, text, finding) => {
    expect(summarise(text).findings).toEqual([finding]);
  });

  test("reads YAML 1.1 as Kubernetes' tools do: yes is true, dates are text", () => {
    const { manifests } = read(`${receiver("a")}spec: {suspend: yes, tag: 2024-01-01, octal: 010}\n`);
    expect(manifests[0]?.body.spec).toEqual({ suspend: true, tag: "2024-01-01", octal: 8 });
  });
});

describe("documents of other APIs", () => {
  const flux = "source.toolkit.fluxcd.io/v1";

  test.each<[string, string, boolean]>([
    ["a Deployment", "apiVersion: apps/v1\nkind: Deployment\nspec: {}\n", true],
    [
      "in any order, quoted, with comments",
      "# a\n\nkind: 'Pod' # b\r\napiVersion: \"v1\"\r\nitems:\r\n- a\r\n",
      true,
    ],
    ["a Secret", "apiVersion: v1\nkind: Secret\n", false],
    ["a list", "apiVersion: v1\nkind: List\n", false],
    ["one of Flux's", `apiVersion: ${flux}\nkind: OCIRepository\n`, false],
    [
      "one that kustomize should have read",
      "apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\n",
      false,
    ],
    ["a key twice", `apiVersion: v1\napiVersion: ${flux}\nkind: OCIRepository\n`, false],
    ["flow style", "{\napiVersion: v1\nkind: Pod\n}", false],
    ["an object inside another", "a:\n  apiVersion: v1\n  kind: Pod\n", false],
    [
      "a key that is written its own way",
      `x: 'y\nkind: Pod\napiVersion: v1\nz: a'\n? apiVersion\n: ${flux}\n`,
      false,
    ],
    ["keys that are indented", " apiVersion: v1\n kind: Pod\n", false],
    ["a value that is an alias", "a: &a v1\napiVersion: *a\nkind: Pod\n", false],
    ["a value on the next line", `apiVersion:\n  ${flux}\nkind: Pod\n`, false],
    ["nothing", "", false],
  ])("%s", (_, text, foreign) => {
    expect(isForeign(text)).toBe(foreign);
  });

  // Parsed, 10,000 of them would take seconds; broken ones are their own tools' matter.
  test("are passed over without being parsed", () => {
    const deployment = "apiVersion: apps/v1\nkind: Deployment\nspec: [broken\n---\n";
    expect(summarise(deployment.repeat(10_000) + receiver("a"))).toEqual({
      names: ["a"],
      lines: [40_001],
      findings: [],
    });
  });
});

describe("limits", () => {
  test("10,000 documents in one file are read", () => {
    const text = Array.from({ length: 10_000 }, (_, at) => receiver(`a${at}`)).join("---\n");
    expect(summarise(text).names).toHaveLength(10_000);
  });

  test("bytes that are no UTF-8", () => {
    expect(read(Uint8Array.of(0x61, 0xff, 0xfe)).findings.map(({ code }) => code)).toEqual(["not-text"]);
  });

  const withLimits = (limits: Partial<ManifestLimits>, text: string) => {
    const files = [{ name: "a.yaml", bytes: Buffer.from(text) }];
    const { manifests, findings } = readManifests(files, { ...MANIFEST_LIMITS, ...limits });
    return {
      names: manifests.map(({ ref }) => ref.name),
      findings: findings.map(({ code, where }) => `${code}:${where?.line}`),
    };
  };

  test.each<[string, Partial<ManifestLimits>, string, readonly string[], readonly string[]]>([
    ["a file", { maxFileBytes: 10 }, receiver("a"), [], ["file-too-large:1"]],
    [
      "a document, not the next one",
      { maxDocumentBytes: 200 },
      `a: ${"b".repeat(200)}\n---\n${receiver("a")}`,
      ["a"],
      ["document-too-large:1"],
    ],
    [
      "documents",
      { maxDocuments: 2 },
      ["a", "b", "c", "d"].map(receiver).join("---\n"),
      ["a", "b"],
      ["too-many-documents:9"],
    ],
    [
      "objects",
      { maxObjects: 1 },
      ["a", "b", "c", "d"].map(receiver).join("---\n"),
      ["a", "b"],
      ["too-many-objects:undefined"],
    ],
  ])("%s above the limit", (_, limits, text, names, findings) => {
    expect(withLimits(limits, text)).toEqual({ names, findings });
  });

  test("50 MB are refused unread", () => {
    const bytes = new Uint8Array(50 * 1024 * 1024).fill(0x61);
    expect(read(bytes).findings.map(({ code }) => code)).toEqual(["file-too-large"]);
  });

  // Compared each with each, these keys would take minutes.
  test("60,000 keys in one mapping are read, and one of them twice is found", () => {
    const keys = Array.from({ length: 60_000 }, (_, at) => `k${at}: 1\n`).join("");
    expect(summarise(keys).findings).toEqual([]);
    expect(summarise(`${keys}k7: 1\n`).findings).toEqual(["yaml-invalid:60001"]);
  });

  test("thousands of anchors, each used once, are an error of their document", () => {
    const anchors = Array.from({ length: 20_000 }, (_, at) => `- &a${at} 1\n- *a${at}\n`).join("");
    expect(summarise(anchors).findings).toEqual(["yaml-invalid:2001"]);
  });

  test("an alias bomb is an error of its document", () => {
    const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`);
    expect(summarise(`l0: &l0 [x]\n${levels.join("\n")}\n---\n${receiver("a")}`)).toMatchObject({
      names: ["a"],
      findings: ["yaml-invalid:1"],
    });
  });

  test.each(["[", "{a: ", "- ", '{"a":'])("nesting by %j without end is an error of its document", (open) => {
    const { names, findings } = summarise(`${open.repeat(20_000)}\n---\n${receiver("a")}`);
    expect(names).toEqual(["a"]);
    expect(findings).toHaveLength(1);
  });
});
