import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import {
  ANNOTATION,
  type PushableManifest,
  toBlob,
  toPushable,
} from "../../../functions/local/playground/sigstore/oci.ts";
import type { Format, Scenario } from "./corpus-case.ts";
import { edit, type Path, set } from "./edit.ts";
import { describeHostile, HOSTILE, nodesOf, replaceNode } from "./json-nodes.ts";
import { readManifest } from "./publish.ts";
import { inOneWord, verifyPublished } from "./run-case.ts";
import { createWorld, toHonestScenario } from "./world.ts";

/*
 * Every node of every JSON document that evidence consists of, replaced by what nobody writes there. Nothing of
 * that verifies, except in the nodes that no verdict rests on; nothing ends in a throw of another kind.
 */

const world = createWorld();

interface Document {
  readonly name: string;
  readonly json: JsonObject;
  /** Puts the changed document in its place. */
  readonly pack: (changed: JsonObject) => readonly PushableManifest[];
  readonly scenario: Scenario;
  /** Nodes that no verdict rests on, with the reason. */
  readonly free: Readonly<Record<string, string>>;
}

const toJson = (bytes: Uint8Array | string): JsonObject =>
  JSON.parse(typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8")) as JsonObject;

const signHonestly = (format: Format) => {
  const honest = toHonestScenario(world, format);
  const scenario = { ...honest, request: { ...honest.request, timestamp: true } };
  return { scenario, evidence: scenario.sigstore.sign(scenario.request) };
};

const bundleDocuments = (format: Format): readonly Document[] => {
  const { scenario, evidence } = signHonestly(format);
  const { manifest, bundle } = evidence;
  if (bundle === undefined) throw new Error("no bundle");
  const packBundle = (changed: JsonObject): readonly PushableManifest[] => {
    const blob = toBlob(Buffer.from(JSON.stringify(changed)), bundle.mediaType);
    const moved = edit(readManifest(manifest), ["layers", 0], (layer) => ({
      ...(layer as JsonObject),
      digest: blob.digest,
      size: blob.bytes.length,
    }));
    return [toPushable(moved, [blob], { subject: scenario.artifact.digest })];
  };
  const packManifest = (changed: JsonObject): readonly PushableManifest[] => [
    toPushable(changed, manifest.blobs, { subject: scenario.artifact.digest }),
  ];
  const timeOfLog =
    "the log's signed promise says when it was made; a timestamp that does not verify counts for nothing";
  return [
    {
      name: `${format}: bundle`,
      json: toJson(bundle.bytes),
      pack: packBundle,
      scenario,
      free: {
        ...(format === "bundle-rekor1"
          ? {
              "verificationMaterial/timestampVerificationData": timeOfLog,
              "verificationMaterial/timestampVerificationData/rfc3161Timestamps": timeOfLog,
              "verificationMaterial/timestampVerificationData/rfc3161Timestamps/0": timeOfLog,
              "verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp": timeOfLog,
              "verificationMaterial/tlogEntries/0/inclusionPromise":
                "the proof shows the entry, the timestamp the time",
            }
          : {}),
      },
    },
    {
      name: `${format}: manifest`,
      json: readManifest(manifest),
      pack: packManifest,
      scenario,
      free: MANIFEST_FREE,
    },
  ];
};

const OTHER_READERS = "for other readers; what is signed lies in the layer";
const MANIFEST_FREE: Readonly<Record<string, string>> = {
  schemaVersion: OTHER_READERS,
  mediaType: OTHER_READERS,
  artifactType: "listed for other readers; the layer's own type decides",
  config: OTHER_READERS,
  "config/mediaType": OTHER_READERS,
  "config/size": OTHER_READERS,
  "config/digest": OTHER_READERS,
  "config/artifactType": OTHER_READERS,
  subject: "where the registry lists it; the signed statement names the artifact",
  "subject/mediaType": OTHER_READERS,
  "subject/digest": OTHER_READERS,
  "subject/size": OTHER_READERS,
  annotations: OTHER_READERS,
  "annotations/dev.sigstore.bundle.content": OTHER_READERS,
  "annotations/dev.sigstore.bundle.predicateType": "decides what is read first; the signed statement decides",
  "annotations/org.opencontainers.image.created": OTHER_READERS,
};

const legacyDocuments = (): readonly Document[] => {
  const { scenario, evidence } = signHonestly("legacy");
  const { manifest, layer } = evidence;
  if (layer === undefined) throw new Error("no layer");
  const json = readManifest(manifest);
  const tagged = manifest.tag === undefined ? {} : { tag: manifest.tag };
  const pack = (changed: JsonObject): readonly PushableManifest[] => [
    toPushable(changed, manifest.blobs, tagged),
  ];
  const packAnnotation =
    (name: string) =>
    (changed: JsonObject): readonly PushableManifest[] =>
      pack(set(json, ["layers", 0, "annotations", name], JSON.stringify(changed)));
  const timestampIsFree =
    "the log's signed promise says when; a timestamp that does not verify counts for nothing";
  return [
    {
      name: "legacy: manifest",
      json,
      pack,
      scenario,
      free: {
        ...MANIFEST_FREE,
        "layers/0/annotations/dev.sigstore.cosign/chain": "authorities come from the trusted root alone",
        "layers/0/annotations/dev.sigstore.cosign/rfc3161timestamp": timestampIsFree,
      },
    },
    {
      name: "legacy: log bundle",
      json: toJson(layer.annotations[ANNOTATION.bundle] ?? ""),
      pack: packAnnotation(ANNOTATION.bundle),
      scenario,
      free: {},
    },
    {
      name: "legacy: timestamp",
      json: toJson(layer.annotations[ANNOTATION.timestamp] ?? ""),
      pack: packAnnotation(ANNOTATION.timestamp),
      scenario,
      free: { SignedRFC3161Timestamp: timestampIsFree },
    },
  ];
};

const documents = [
  ...bundleDocuments("bundle-rekor1"),
  ...bundleDocuments("bundle-rekor2"),
  ...legacyDocuments(),
];

const nameOf = (path: Path): string => path.join("/");

describe.each(documents)("$name", ({ json, pack, scenario, free }) => {
  const verdictOf = (changed: JsonObject): Promise<string> =>
    inOneWord(verifyPublished(scenario, pack(changed)));

  test("verifies as it is", async () => {
    expect(await verdictOf(json)).toBe("verified");
  });

  test.each(nodesOf(json).map((path) => ({ node: nameOf(path), path })))("$node", async ({ node, path }) => {
    const verified: string[] = [];
    for (const value of HOSTILE) {
      const verdict = await verdictOf(replaceNode(json, path, value));
      if (verdict === "verified") verified.push(describeHostile(value));
      expect(verdict).not.toMatch(/^throws (?!REGISTRY_TOO_LARGE)/);
    }
    if (free[node] === undefined) expect(verified).toEqual([]);
    else expect(verified).not.toEqual([]);
  });
});
