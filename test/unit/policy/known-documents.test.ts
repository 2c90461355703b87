import { describe, expect, test } from "vitest";
import { createKnownDocuments } from "../../../shared/policy/manifest/known-documents.ts";
import { MANIFEST_LIMITS } from "../../../shared/policy/manifest/limits.ts";
import { readManifests, readManifestsInSteps } from "../../../shared/policy/manifest/read-manifests.ts";
import { finish } from "../../../shared/policy/steps.ts";

const toObject = (name: string, tag = "1"): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: ${name}, namespace: apps }
spec: { url: "oci://registry.test/acme/app", ref: { tag: "${tag}" } }
`;
const toFile = (name: string, ...documents: readonly string[]) => ({
  name,
  bytes: Buffer.from(documents.join("---\n")),
});

describe("documents that are known", () => {
  const parse = createKnownDocuments();
  const read = (...files: readonly ReturnType<typeof toFile>[]) =>
    finish(readManifestsInSteps(files, MANIFEST_LIMITS, parse));

  test("are read as anew, wherever they stand", () => {
    const files = [toFile("a.yaml", toObject("one"), toObject("two")), toFile("b.yaml", toObject("two"))];
    expect(read(...files)).toEqual(readManifests(files));
    const moved = [toFile("c.yaml", "# first\nkind: [\n", toObject("two"), toObject("one"))];
    expect(read(...moved)).toEqual(readManifests(moved));
  });

  test("give the same object while somebody has it, and another one for another text", () => {
    const before = read(toFile("a.yaml", toObject("one"), toObject("two"))).manifests;
    const after = read(toFile("b.yaml", toObject("one"), toObject("two", "2"))).manifests;
    expect(after[0]?.body).toBe(before[0]?.body);
    expect(after[1]?.body).not.toBe(before[1]?.body);
    expect(after[1]?.body).toHaveProperty("spec.ref.tag", "2");
  });

  test("say where the items of a list stand, each time", () => {
    const item = toObject("one")
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n")
      .replace("    api", "  - api");
    const list = toFile("list.yaml", `apiVersion: v1\nkind: List\nitems:\n${item}`);
    for (let time = 0; time < 2; time++) {
      expect(read(list).manifests.map(({ where }) => where)).toEqual([{ file: "list.yaml", line: 4 }]);
    }
  });

  test("that cannot be read are said each time", () => {
    for (let time = 0; time < 2; time++) {
      const { findings } = read(toFile("bad.yaml", "apiVersion: [\n"));
      expect(findings.map(({ code }) => code)).toEqual(["yaml-invalid"]);
    }
  });
});
