import { expect, test } from "vitest";
import { codesOf, compileText, ociRepository } from "./compile-text.ts";

const MIB = 1_048_576;
/** As JSON, so that YAML's parser has no say in how long it takes. */
const toText = (...objects: readonly object[]): string =>
  objects.map((o) => JSON.stringify(o)).join("\n---\n");
const object = (apiVersion: string, kind: string, name: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "apps" },
  spec,
});

// Texts that are read anew from each of their beginnings, if the reader is not careful: hours at this length.
test.each([
  [
    "beginnings of placeholders",
    toText(
      object("source.toolkit.fluxcd.io/v1", "OCIRepository", "a", {
        url: "oci://ghcr.io/acme/a",
        ref: { semver: `$${"{a$".repeat(MIB)}` },
      }),
    ),
    "range-invalid",
  ],
  [
    "slashes behind a chart repository",
    toText(
      object("source.toolkit.fluxcd.io/v1", "HelmRepository", "charts", {
        type: "oci",
        url: `oci://ghcr.io/acme${"/".repeat(4 * MIB)}!`,
      }),
      object("source.toolkit.fluxcd.io/v1", "HelmChart", "a", {
        chart: "a",
        sourceRef: { kind: "HelmRepository", name: "charts" },
      }),
    ),
    "url-invalid",
  ],
  [
    "beginnings of named groups",
    toText(
      object("image.toolkit.fluxcd.io/v1", "ImageRepository", "a", { image: "ghcr.io/acme/a" }),
      object("image.toolkit.fluxcd.io/v1", "ImagePolicy", "a", {
        imageRepositoryRef: { name: "a" },
        policy: { numerical: {} },
        filterTags: { pattern: "(?<".repeat(MIB), extract: "x".repeat(MIB) },
      }),
    ),
    "filter-invalid",
  ],
])("%s are read once", (_, text, code) => {
  const compiled = compileText(`${text}\n---\n${ociRepository("ref: {semver: 1.x}")}`);
  expect(codesOf(compiled)).toContain(code);
  expect(compiled.subscriptions.map(({ object: { name } }) => name)).toContain("app");
});
