import { describe, expect, test } from "vitest";
import { compileCatalog } from "../../../shared/policy/catalog/compile-catalog.ts";
import { readManifests } from "../../../shared/policy/manifest/read-manifests.ts";

const receiver =
  "apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\nmetadata: {name: a, namespace: apps}\n";

// Compiling compares two objects of one name by writing both out.
describe("what is fit to be parsed and not to be written out is an error of its object", () => {
  const twice = (object: (range: string) => string) => [
    { name: "a", bytes: Buffer.from(`${object("1.x")}\n---\n${receiver}`) },
    { name: "b", bytes: Buffer.from(object("2.x")) },
  ];
  const compile = (object: (range: string) => string) => {
    const { manifests, findings } = readManifests(twice(object));
    return { manifests, findings, compiled: compileCatalog({ clusters: [{ cluster: "c", manifests }] }) };
  };

  test("JSON of any depth", () => {
    const { manifests, findings, compiled } = compile(
      (range) =>
        `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"x"},` +
        `"spec":{"url":"oci://ghcr.io/a/b","ref":{"semver":"${range}"},"deep":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`,
    );
    expect(manifests.map(({ ref }) => ref.name)).toEqual(["a"]);
    expect(findings.map(({ code }) => code)).toEqual(["object-invalid", "object-invalid"]);
    expect(compiled.subscriptions).toEqual([]);
  });

  test("few aliases of a long text", () => {
    const { manifests, findings, compiled } = compile(
      (range) =>
        `apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: x\n  annotations:\n` +
        `    a: &a ${"x".repeat(6_000_000)}\n${Array.from({ length: 90 }, (_, at) => `    k${at}: *a\n`).join("")}` +
        `spec: {url: oci://ghcr.io/a/b, ref: {semver: ${range}}}\n`,
    );
    expect(manifests.map(({ ref }) => ref.name)).toEqual(["a"]);
    expect(findings.map(({ code }) => code)).toEqual(["object-invalid", "object-invalid"]);
    expect(compiled.subscriptions).toEqual([]);
  });

  test("an ordinary object with aliases stays", () => {
    const { manifests, findings } = compile(
      (range) =>
        `apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: &n x\n  labels: {a: *n}\n` +
        `spec: {url: oci://ghcr.io/a/b, ref: {semver: ${range}}}\n`,
    );
    expect(manifests.map(({ ref }) => ref.name)).toEqual(["x", "a", "x"]);
    expect(findings).toEqual([]);
  });
});
