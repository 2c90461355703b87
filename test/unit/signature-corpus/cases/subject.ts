import type { Json, JsonObject } from "../../../../functions/local/playground/sigstore/json.ts";
import { MEDIA_TYPE } from "../../../../shared/artifact/media-types.ts";
import type { Descriptor } from "../../../../shared/ports.ts";
import { ALL, BUNDLES, type CorpusCase, type Expected, type Scenario, steps } from "../corpus-case.ts";
import { edit, set } from "../edit.ts";
import { rewrite } from "../publish.ts";
import { createImage, nextArtifact } from "../world.ts";

const payload = (name: string, expected: Expected, change: (statement: JsonObject) => Json): CorpusCase => ({
  attackClass: 21,
  name,
  formats: BUNDLES,
  expected,
  attack: steps({ payload: change }),
});

const OTHER = "0".repeat(64);

export const subjectCases: readonly CorpusCase[] = [
  {
    attackClass: 21,
    name: "index lists a referrer of another artifact",
    formats: BUNDLES,
    expected: "payload-digest-mismatch",
    attack: (scenario) => ({
      request: { ...scenario.request, ...nextArtifact() },
      publish: ({ manifest }) => [{ ...manifest, subject: scenario.artifact.digest }],
    }),
  },
  {
    attackClass: 21,
    name: "referrer's own subject names another artifact; the statement is right",
    formats: BUNDLES,
    expected: "verified",
    attack: (scenario) => ({
      publish: ({ manifest }) => [
        rewrite(manifest, (json) => set(json, ["subject", "digest"], `sha256:${OTHER}`), {
          subject: scenario.artifact.digest,
        }),
      ],
    }),
  },
  {
    attackClass: 21,
    name: "index lists an image",
    formats: BUNDLES,
    expected: "unsigned",
    attack: (scenario) => ({
      publish: () => {
        const image = createImage(-1);
        return [{ ...image, blobs: [], subject: scenario.artifact.digest }];
      },
    }),
  },
  {
    attackClass: 21,
    name: "index lists a manifest that is not there",
    formats: BUNDLES,
    expected: "evidence-missing",
    attack: () => ({
      toReader: (honest) => ({ ...honest, fetchManifest: async () => undefined }),
    }),
  },
  {
    attackClass: 21,
    name: "manifest names a blob that is not there",
    formats: ALL,
    expected: "evidence-missing",
    attack: () => ({ publish: ({ manifest }) => [{ ...manifest, blobs: [] }] }),
  },
  {
    attackClass: 21,
    name: "listed without artifact type",
    formats: BUNDLES,
    expected: "verified",
    attack: () => relisted(({ artifactType, ...descriptor }) => descriptor),
  },
  {
    attackClass: 21,
    name: "listed under the empty type",
    formats: BUNDLES,
    expected: "verified",
    attack: () => relisted((descriptor) => ({ ...descriptor, artifactType: MEDIA_TYPE.ociEmpty })),
  },
  payload("statement of another digest", "payload-digest-mismatch", (statement) =>
    set(statement, ["subject", 0, "digest", "sha256"], OTHER),
  ),
  payload("statement with the digest under another algorithm", "payload-digest-mismatch", (statement) =>
    edit(statement, ["subject", 0, "digest"], (digest) => ({
      sha512: (digest as JsonObject).sha256 ?? "",
    })),
  ),
  payload("statement without subjects", "payload-digest-mismatch", (statement) =>
    set(statement, ["subject"], []),
  ),
  payload("statement with the digest in upper case", "evidence-malformed", (statement) =>
    edit(statement, ["subject", 0, "digest", "sha256"], (digest) =>
      `${digest}`.toUpperCase().replace(/\d/g, "A"),
    ),
  ),
  payload("statement with a malformed digest beside the right one", "evidence-malformed", (statement) =>
    edit(statement, ["subject"], (subjects) => [
      ...(subjects as readonly Json[]),
      { digest: { sha256: "xyz" } },
    ]),
  ),
  payload("statement with a shorter digest beside the right one", "evidence-malformed", (statement) =>
    edit(statement, ["subject"], (subjects) => [
      ...(subjects as readonly Json[]),
      { digest: { sha256: "abcd" } },
    ]),
  ),
  payload("statement with another subject before the right one", "verified", (statement) =>
    edit(statement, ["subject"], (subjects) => [
      { digest: { sha256: OTHER } },
      ...(subjects as readonly Json[]),
    ]),
  ),
  payload("digest only in the subject's name", "payload-digest-mismatch", (statement) =>
    edit(statement, ["subject", 0], (subject) => ({
      name: `acme/app@sha256:${((subject as JsonObject).digest as JsonObject).sha256}`,
      digest: { sha256: OTHER },
    })),
  ),
  {
    attackClass: 21,
    name: "payload of another digest, honestly signed",
    formats: ["legacy"],
    expected: "payload-digest-mismatch",
    attack: steps({
      payload: (honest) => set(honest, ["critical", "image", "docker-manifest-digest"], `sha256:${OTHER}`),
    }),
  },
  {
    attackClass: 21,
    name: "digest without its algorithm",
    formats: ["legacy"],
    expected: "payload-digest-mismatch",
    attack: steps({
      payload: (honest) =>
        edit(honest, ["critical", "image", "docker-manifest-digest"], (digest) => `${digest}`.slice(7)),
    }),
  },
  {
    attackClass: 21,
    name: "digest only in `optional`",
    formats: ["legacy"],
    expected: "payload-digest-mismatch",
    attack: steps({
      payload: (honest) => ({
        ...set(honest, ["critical", "image", "docker-manifest-digest"], `sha256:${OTHER}`),
        optional: { "docker-manifest-digest": "x" },
      }),
    }),
  },
];

const relisted = (change: (descriptor: Descriptor) => Descriptor): Partial<Scenario> => ({
  toReader: (honest) => ({
    ...honest,
    listReferrers: async (artifact, signal) => (await honest.listReferrers(artifact, signal)).map(change),
  }),
});
