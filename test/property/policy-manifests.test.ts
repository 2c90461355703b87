import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PipelineError } from "../../shared/errors.ts";
import { parseCatalog, toJson } from "../../shared/policy/catalog/catalog-json.ts";
import { compileCatalog } from "../../shared/policy/catalog/compile-catalog.ts";
import { parseImageName } from "../../shared/policy/catalog/repository-url.ts";
import { readArtifactLayer } from "../../shared/policy/manifest/artifact-layer.ts";
import { toKindStatus } from "../../shared/policy/manifest/kinds.ts";
import { splitApiVersion } from "../../shared/policy/manifest/manifest.ts";
import { parseDocument } from "../../shared/policy/manifest/parse-document.ts";
import { isForeign } from "../../shared/policy/manifest/peek.ts";
import { readManifests } from "../../shared/policy/manifest/read-manifests.ts";
import { selectBatchLine } from "../../shared/policy/select-batch.ts";

const compile = (text: string) => {
  const { manifests } = readManifests([{ name: "a.yaml", bytes: Buffer.from(text) }]);
  return compileCatalog({ clusters: [{ cluster: "c", manifests }] });
};

const KINDS = [
  ["source.toolkit.fluxcd.io/v1", "OCIRepository"],
  ["source.toolkit.fluxcd.io/v1", "HelmRepository"],
  ["source.toolkit.fluxcd.io/v1", "HelmChart"],
  ["helm.toolkit.fluxcd.io/v2", "HelmRelease"],
  ["image.toolkit.fluxcd.io/v1", "ImageRepository"],
  ["image.toolkit.fluxcd.io/v1", "ImagePolicy"],
  ["image.toolkit.fluxcd.io/v1", "ImageUpdateAutomation"],
  ["kustomize.toolkit.fluxcd.io/v1", "Kustomization"],
  ["notification.toolkit.fluxcd.io/v1", "Receiver"],
  ["notification.toolkit.fluxcd.io/v1beta3", "Provider"],
  ["notification.toolkit.fluxcd.io/v1beta3", "Alert"],
  ["v1", "Secret"],
] as const;

const FIELDS = [
  ...["url", "ref", "semver", "tag", "digest", "semverFilter", "verify", "provider", "secretRef", "name"],
  ...[
    "matchOIDCIdentity",
    "issuer",
    "subject",
    "trustedRootSecretRef",
    "chart",
    "chartRef",
    "spec",
    "version",
  ],
  ...[
    "sourceRef",
    "kind",
    "namespace",
    "type",
    "image",
    "exclusionList",
    "policy",
    "range",
    "order",
    "numerical",
  ],
  ...[
    "filterTags",
    "pattern",
    "extract",
    "imageRepositoryRef",
    "resources",
    "matchLabels",
    "filter",
    "suspend",
  ],
  ...[
    "resourceFilter",
    "eventSources",
    "providerRef",
    "policySelector",
    "matchExpressions",
    "accessFrom",
    "data",
  ],
  ...["stringData", "__proto__", "constructor", "toString"],
];

const leaf = fc.oneof(
  fc.constantFrom(
    "oci",
    "oci://ghcr.io/acme/app",
    "ghcr.io/acme/app",
    "*",
    "app",
    "apps",
    "generic-hmac",
    "(",
    "",
  ),
  fc.constantFrom("OCIRepository", "HelmRepository", "cosign", "asc", ">=1", "$\\{X}", "<< x >>"),
  fc.boolean(),
  fc.integer(),
  fc.constant(null),
);

const anyField: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie("value"), { maxKeys: 5 }),
  ),
})).value;

const manifest = fc
  .tuple(fc.constantFrom(...KINDS), fc.constantFrom("app", "web"), anyField, anyField)
  .map(([[apiVersion, kind], name, spec, labels]) => ({
    apiVersion,
    kind,
    metadata: { name, namespace: "apps", labels },
    spec,
    data: spec,
  }));

/** Any error but these two kinds would be a crash. */
const isRefusal = (error: unknown): boolean =>
  error instanceof PipelineError && error.code === "CATALOG_INVALID";

const neverCrashes = (run: () => unknown): void => {
  try {
    run();
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
};

describe("hostile manifests", () => {
  test("text of any kind is read without a throw", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => void compile(text)));
  });

  test("text of YAML's own characters is, too", () => {
    const unit = fc.constantFrom(
      ..."-:{}[]&*!|>%@`#?,\"' \n\tab1~<.".split(""),
      "---\n",
      "  ",
      "<<: *a",
      "&a ",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => void compile(text)),
      { numRuns: 300 },
    );
  });

  test("what is passed over unparsed is no object of Flux's, however it is written", () => {
    const line = fc.constantFrom(
      ...[
        "apiVersion: v1",
        "apiVersion: apps/v1",
        "'apiVersion': v1 # x",
        '"apiVersion":  v1',
        "apiVersion: |",
      ],
      ...["apiVersion: source.toolkit.fluxcd.io/v1", "apiVersion : v1", "apiVersion:", "apiVersion: &a v1"],
      ...["kind: Pod", "kind: OCIRepository", "kind: Secret", "kind: List", "kind: 'Pod'", "kind: Pod  "],
      ...[
        "  kind: OCIRepository",
        "  apiVersion: v1",
        "metadata:",
        "  name: x",
        "a: |",
        "a: >",
        "b: '",
        '"',
        "'",
      ],
      ...[
        "? apiVersion",
        ": source.toolkit.fluxcd.io/v1",
        "<<: *a",
        "a: &a {kind: Receiver}",
        "{",
        "}",
        "[",
        "]",
      ],
      ...[
        "# apiVersion: v1",
        "",
        "...",
        "%YAML 1.1",
        "--- |",
        "- kind: Pod",
        "a:",
        "  - b",
        "!!map",
        "x: y\r",
      ],
    );
    const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, (document) => {
        fc.pre(isForeign(document));
        const parsed = parseDocument(document);
        if ("problem" in parsed) return;
        const { apiVersion, kind } = Object(parsed.value);
        if (typeof apiVersion !== "string" || typeof kind !== "string") return;
        const { group, version } = splitApiVersion(apiVersion);
        expect(toKindStatus(group, version, kind)).toBe("foreign");
      }),
      { numRuns: 1_000, maxSkipsPerRun: 10_000 },
    );
  });

  test("objects of any content are compiled, written and read again without loss", () => {
    fc.assert(
      fc.property(fc.array(manifest, { maxLength: 8 }), (objects) => {
        const compiled = compile(objects.map((object) => JSON.stringify(object)).join("\n---\n"));
        const { catalog } = parseCatalog(toJson(compiled, 1));
        expect([...catalog.subscriptions()]).toEqual(compiled.subscriptions);
      }),
      { numRuns: 500 },
    );
  });

  test("a catalog with any byte changed is refused or means the same", () => {
    const json = toJson(compile(EXAMPLE), 1);
    const { version } = parseCatalog(json).catalog;
    const change = fc.tuple(fc.nat(json.length - 1), fc.string({ minLength: 0, maxLength: 3 }));
    fc.assert(
      fc.property(change, ([at, text]) => {
        neverCrashes(() => {
          const changed = json.slice(0, at) + text + json.slice(at + 1);
          expect(parseCatalog(changed).catalog.version).toBe(version);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("a layer with any bytes changed is refused or read", () => {
    const tar = Buffer.alloc(2048);
    tar.write("a.yaml", 0);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1023), fc.nat(255)), { maxLength: 20 }), (changes) => {
        const copy = Buffer.from(tar);
        for (const [at, value] of changes) copy[at] = value;
        neverCrashes(() => readArtifactLayer(gzipSync(copy)));
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => neverCrashes(() => readArtifactLayer(bytes))));
  });

  test("a repository name is refused or canonical", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const parsed = parseImageName(text);
        if ("problem" in parsed) return;
        const { registry, repository } = parsed.repository;
        expect(parseImageName(`${registry}/${repository}`)).toEqual(parsed);
      }),
    );
  });
});

const EXAMPLE = JSON.stringify({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "OCIRepository",
  metadata: { name: "app", namespace: "apps" },
  spec: { url: "oci://ghcr.io/acme/app", ref: { semver: ">=1" } },
});

describe("batch lines", () => {
  test("any line is answered", () => {
    const line = fc.record({
      id: fc.jsonValue(),
      kind: fc.constantFrom("OCIRepository", "HelmChart", "ImagePolicy", "x"),
      spec: anyField,
      tags: fc.oneof(fc.array(fc.constantFrom("1.0.0", "v1.0.0", "1", "x"), { maxLength: 5 }), anyField),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          line.map((value) => JSON.stringify(value)),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          expect(selectBatchLine(text)).toHaveProperty("id");
        },
      ),
      { numRuns: 500 },
    );
  });
});
