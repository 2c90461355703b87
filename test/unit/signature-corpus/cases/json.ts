import { concat } from "../../../../functions/local/playground/sigstore/der.ts";
import {
  ALL,
  BUNDLES,
  type Change,
  type CorpusCase,
  type Expected,
  type Format,
  steps,
} from "../corpus-case.ts";
import { editAnnotation, editLogBundle, tamper } from "../edit.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** Rewrites the payload as text; signature, log entry and timestamp are made over the result. */
const payloadText =
  (change: (json: string) => string): Change =>
  (scenario, world) =>
    steps({ payloadBytes: (bytes) => Buffer.from(change(text(bytes)), "utf8") })(scenario, world);

const bundleText =
  (change: (json: string) => string): Change =>
  (scenario, world) =>
    steps({ bundleBytes: (bytes) => Buffer.from(change(text(bytes)), "utf8") })(scenario, world);

const OTHER = "0".repeat(64);

const json = (
  name: string,
  formats: readonly Format[],
  change: Change,
  expected: Expected = "evidence-malformed",
): CorpusCase => ({ attackClass: 24, name, formats, expected, attack: change });

/** Two readers of one text must not read two things. Stricter than readers that take the last or any spelling. */
export const jsonCases: readonly CorpusCase[] = [
  json(
    "payload names the digest twice, the right one last",
    ["legacy"],
    payloadText((payload) =>
      payload.replace(
        '"docker-manifest-digest"',
        `"docker-manifest-digest":"sha256:${OTHER}","docker-manifest-digest"`,
      ),
    ),
  ),
  json(
    "payload names the digest twice, the right one first",
    ["legacy"],
    payloadText((payload) =>
      payload.replace(/("docker-manifest-digest":"[^"]+")/, `$1,"docker-manifest-digest":"sha256:${OTHER}"`),
    ),
  ),
  json(
    "payload names the digest again in another case",
    ["legacy"],
    payloadText((payload) =>
      payload.replace(/("docker-manifest-digest":"[^"]+")/, `$1,"Docker-Manifest-Digest":"sha256:${OTHER}"`),
    ),
  ),
  json(
    "payload names the digest only in another case",
    ["legacy"],
    payloadText((payload) => payload.replace("docker-manifest-digest", "Docker-Manifest-Digest")),
  ),
  json(
    "payload names the digest again by an escape",
    ["legacy"],
    payloadText((payload) =>
      payload.replace(
        /("docker-manifest-digest":"[^"]+")/,
        `$1,"docker\\u002dmanifest-digest":"sha256:${OTHER}"`,
      ),
    ),
  ),
  json(
    "statement names the digest twice",
    BUNDLES,
    payloadText((payload) => payload.replace('"sha256"', `"sha256":"${OTHER}","sha256"`)),
  ),
  json(
    "statement names its subjects twice",
    BUNDLES,
    payloadText((payload) => payload.replace('"subject"', '"subject":[],"subject"')),
  ),
  json(
    "payload after a byte order mark",
    ALL,
    payloadText((payload) => `\ufeff${payload}`),
  ),
  json(
    "payload with data after it",
    ALL,
    payloadText((payload) => `${payload}{}`),
  ),
  json(
    "payload with a NUL after it",
    ALL,
    payloadText((payload) => `${payload}\0`),
  ),
  json(
    "payload with a comment",
    ALL,
    payloadText((payload) => `/**/${payload}`),
  ),
  json(
    "payload that is not UTF-8",
    ALL,
    steps({ payloadBytes: (bytes) => concat(bytes, Buffer.of(0x20, 0xff)) }),
  ),
  json(
    "payload with white space around it",
    ALL,
    payloadText((payload) => ` ${payload}\n`),
    "verified",
  ),
  json(
    "payload that is null",
    ALL,
    payloadText(() => "null"),
  ),
  json(
    "bundle names its content twice",
    BUNDLES,
    bundleText((bundle) => bundle.replace('"dsseEnvelope"', '"dsseEnvelope":{},"dsseEnvelope"')),
  ),
  json(
    "bundle with a member nobody knows",
    BUNDLES,
    bundleText((bundle) => bundle.replace("{", '{"extra":1,')),
  ),
  json(
    "bundle after a byte order mark",
    BUNDLES,
    bundleText((bundle) => `\ufeff${bundle}`),
  ),
  json(
    "bundle with data after it",
    BUNDLES,
    bundleText((bundle) => `${bundle}x`),
  ),
  json(
    "bundle in snake case",
    ["bundle-rekor1"],
    bundleText((bundle) => bundle.replace("verificationMaterial", "verification_material")),
  ),
  json(
    "log bundle names its payload twice",
    ["legacy"],
    steps(
      tamper({
        layer: (layer) => editAnnotation(layer, "bundle", (log) => log.replace("{", '{"Payload":{},')),
      }),
    ),
  ),
  json(
    "log bundle with a member nobody knows",
    ["legacy"],
    steps(tamper({ layer: (layer) => editLogBundle(layer, (log) => ({ ...log, extra: 1 })) })),
  ),
  json(
    "log bundle in another case",
    ["legacy"],
    steps(
      tamper({
        layer: (layer) =>
          editAnnotation(layer, "bundle", (log) =>
            log.replace("SignedEntryTimestamp", "signedEntryTimestamp"),
          ),
      }),
    ),
  ),
  json(
    "bundle with the prototype's name as a member",
    BUNDLES,
    bundleText((bundle) => bundle.replace("{", '{"__proto__":{"mediaType":"x"},')),
  ),
];
