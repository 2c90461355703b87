import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import { toBlob, toPushable } from "../../../functions/local/playground/sigstore/oci.ts";
import { DER_MUTATIONS, derNodesOf } from "./der-nodes.ts";
import { edit, type Path, set } from "./edit.ts";
import { readManifest } from "./publish.ts";
import { inOneWord, verifyPublished } from "./run-case.ts";
import { createWorld, toHonestScenario } from "./world.ts";

/*
 * Every element of the DER documents in a bundle, bent in every way. The log's own time is missing here (Rekor
 * v2), so that the verdict rests on the timestamp as well.
 */

const scenario = toHonestScenario(createWorld(), "bundle-rekor2");
const { manifest, bundle } = scenario.sigstore.sign(scenario.request);
const json = JSON.parse(Buffer.from(bundle?.bytes ?? []).toString("utf8")) as JsonObject;

const CERTIFICATE: Path = ["verificationMaterial", "certificate", "rawBytes"];
const TOKEN: Path = [
  "verificationMaterial",
  "timestampVerificationData",
  "rfc3161Timestamps",
  0,
  "signedTimestamp",
];

const readBytes = (path: Path): Buffer => {
  let bytes = Buffer.alloc(0);
  edit(json, path, (value) => {
    bytes = Buffer.from(`${value}`, "base64");
    return value;
  });
  return bytes;
};

const verdictOf = (path: Path, der: Buffer): Promise<string> => {
  const changed = set(json, path, der.toString("base64"));
  const blob = toBlob(Buffer.from(JSON.stringify(changed)), "application/vnd.dev.sigstore.bundle.v0.3+json");
  const moved = edit(readManifest(manifest), ["layers", 0], (layer) => ({
    ...(layer as JsonObject),
    digest: blob.digest,
    size: blob.bytes.length,
  }));
  return inOneWord(
    verifyPublished(scenario, [toPushable(moved, [blob], { subject: scenario.artifact.digest })]),
  );
};

/** Elements of a timestamp that no verdict rests on, and why. Paths count elements from 0 on each level. */
const TOKEN_FREE: readonly (readonly [path: RegExp, reason: string])[] = [
  [/^0\.0\.0$/, "after the status comes text for people"],
  [/^0\.1\.1\.0\.3(?:\.|$)/, "certificates are candidates only; the trusted root lists the signer's"],
  [
    /^0\.1\.1\.0\.1(?:\.|$)/,
    "digest algorithms are a hint for readers in one pass; the signer names its own",
  ],
  [/^0\.1\.1\.0\.(?:4\.0\.)?0$/, "versions of structures whose parts are told by their tags"],
  [/^0\.1\.1\.0\.4\.0\.2\.1$/, "parameters of an algorithm that has none"],
  [
    /^0\.1\.1(?:\.0(?:\.2(?:\.1)?|\.4(?:\.0\.(?:1\.1|2\.0|4\.0|5))?)?)?$/,
    "a second element of the same kind after it is not read",
  ],
];

const mutations = Object.entries(DER_MUTATIONS);

test.each([
  { name: "certificate", path: CERTIFICATE },
  { name: "timestamp", path: TOKEN },
])("$name verifies as it is", async ({ path }) => {
  expect(await verdictOf(path, readBytes(path))).toBe("verified");
});

describe.each([
  { name: "certificate", path: CERTIFICATE, free: [] },
  { name: "timestamp", path: TOKEN, free: TOKEN_FREE },
])("$name", ({ path, free }) => {
  const der = readBytes(path);
  test.each(mutations)("an element %s", async (_name, mutate) => {
    const verified: string[] = [];
    for (const node of derNodesOf(der)) {
      const bent = mutate(der, node);
      if (bent.equals(der)) continue;
      const verdict = await verdictOf(path, bent);
      if (verdict === "verified") verified.push(node.path);
      expect(verdict).not.toMatch(/^throws/);
    }
    const unexpected = verified.filter((node) => !free.some(([pattern]) => pattern.test(node)));
    expect(unexpected).toEqual([]);
  });
});
