import { gzipSync } from "node:zlib";
import { signSct } from "../../../../functions/local/playground/sigstore/ct-log.ts";
import { toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import { toBlob } from "../../../../functions/local/playground/sigstore/oci.ts";
import { withProof } from "../changes.ts";
import { ALL, BUNDLES, type Change, type CorpusCase, request, steps } from "../corpus-case.ts";
import { ENTRY, edit, editLogBundle, set, tamper } from "../edit.ts";
import { rewrite } from "../publish.ts";

const HUNDRED_THOUSAND = 100_000;

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Puts the bundle (or payload) into the registry in another wrapping, with a descriptor that fits. */
const wrapBlob =
  (wrap: (bytes: Uint8Array) => Uint8Array): Change =>
  () => ({
    publish: ({ manifest }) => {
      const [content, ...others] = manifest.blobs;
      if (content === undefined) throw new Error("no blobs");
      const wrapped = toBlob(wrap(content.bytes), content.mediaType);
      const moved = rewrite({ ...manifest, blobs: [wrapped, ...others] }, (json) =>
        edit(json, ["layers", 0], (layer) => ({
          ...(layer as object),
          digest: wrapped.digest,
          size: wrapped.bytes.length,
        })),
      );
      return [moved];
    },
  });

/** JSON nested `depth` deep in place of a value. */
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

export const limitCases: readonly CorpusCase[] = [
  {
    attackClass: 23,
    name: "bundle that inflates a thousandfold",
    formats: BUNDLES,
    expected: "evidence-too-large",
    attack: wrapBlob(() => gzipSync(Buffer.alloc(16 * 1024 * 1024, 0x20))),
  },
  {
    attackClass: 23,
    name: "bundle compressed, as go clients inflate it",
    formats: BUNDLES,
    expected: "verified",
    attack: wrapBlob((bytes) => gzipSync(bytes)),
  },
  {
    attackClass: 23,
    name: "bundle of five megabytes",
    formats: BUNDLES,
    expected: "evidence-too-large",
    attack: wrapBlob((bytes) => Buffer.concat([bytes, Buffer.alloc(5 * 1024 * 1024, 0x20)])),
  },
  {
    attackClass: 23,
    name: "payload of one megabyte",
    formats: ["legacy"],
    expected: "evidence-too-large",
    attack: steps({ payloadBytes: (bytes) => Buffer.concat([bytes, Buffer.alloc(1024 * 1024, 0x20)]) }),
  },
  {
    attackClass: 23,
    name: "blob that is larger than its descriptor says",
    formats: BUNDLES,
    expected: "evidence-too-large",
    attack: () => ({
      publish: ({ manifest }) => [rewrite(manifest, (json) => set(json, ["layers", 0, "size"], 2 ** 40))],
    }),
  },
  {
    attackClass: 23,
    name: "thirty-three log entries",
    formats: BUNDLES,
    expected: "limit-exceeded",
    attack: steps({
      entries: (entries) =>
        times(33, (index) => entries.map((entry) => ({ ...entry, logIndex: index }))).flat(),
    }),
  },
  {
    attackClass: 23,
    name: "thirty-three timestamps",
    formats: BUNDLES,
    expected: "limit-exceeded",
    setup: request({ timestamp: true }),
    attack: steps({ timestamps: (timestamps) => times(33, () => timestamps).flat() }),
  },
  {
    attackClass: 23,
    name: "a thousand sibling hashes",
    formats: BUNDLES,
    expected: "limit-exceeded",
    attack: steps(
      tamper({
        bundle: (bundle) =>
          set(
            bundle,
            [...ENTRY, "inclusionProof", "hashes"],
            times(1_000, () => toBase64(Buffer.alloc(32))),
          ),
      }),
    ),
  },
  {
    attackClass: 23,
    name: "checkpoint of a megabyte",
    formats: BUNDLES,
    expected: "checkpoint-malformed",
    attack: steps({
      entry: (entry) =>
        withProof(entry, (proof) => ({
          ...proof,
          checkpoint: proof.checkpoint + "\u2014 x AAAAAAAA\n".repeat(80_000),
        })),
    }),
  },
  {
    attackClass: 23,
    name: "statement with more than a thousand subjects",
    formats: BUNDLES,
    expected: "limit-exceeded",
    attack: steps({
      payload: (statement) =>
        edit(statement, ["subject"], (subjects) =>
          times(1_025, () => (Array.isArray(subjects) ? subjects[0] : null)),
        ),
    }),
  },
  {
    attackClass: 23,
    name: "subject with more than thirty-two digests",
    formats: BUNDLES,
    expected: "limit-exceeded",
    attack: steps({
      payload: (statement) =>
        edit(statement, ["subject", 0, "digest"], (digest) => ({
          ...(digest as object),
          ...Object.fromEntries(times(33, (index) => [`hash${index}`, "00"])),
        })),
    }),
  },
  {
    attackClass: 23,
    name: "bundle nested a hundred thousand deep",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps({ bundleBytes: () => Buffer.from(nested(HUNDRED_THOUSAND)) }),
  },
  {
    attackClass: 23,
    name: "payload nested ten thousand deep",
    formats: ALL,
    expected: "evidence-malformed",
    attack: steps({
      payloadBytes: (bytes) =>
        Buffer.from(
          Buffer.from(bytes)
            .toString("utf8")
            .replace(/\}$/, `,"x":${nested(10_000)}}`),
        ),
    }),
  },
  {
    attackClass: 23,
    name: "log entry nested ten thousand deep",
    formats: ["legacy"],
    expected: "evidence-malformed",
    attack: steps(
      tamper({
        layer: (layer) =>
          editLogBundle(layer, (log) => set(log, ["Payload", "body"], toBase64(nested(10_000)))),
      }),
    ),
  },
  {
    attackClass: 23,
    name: "DER length of four gigabytes",
    formats: ALL,
    expected: "certificate-malformed",
    attack: steps({ leaf: (leaf) => Buffer.concat([Buffer.from("3084ffffffff", "hex"), leaf.subarray(4)]) }),
  },
  {
    attackClass: 23,
    name: "DER nested a thousand deep",
    formats: ALL,
    expected: "certificate-malformed",
    attack: steps({
      leaf: () => times(1_000, () => 0).reduce((inner: Buffer) => wrapDer(inner), Buffer.alloc(0)),
    }),
  },
  {
    attackClass: 23,
    name: "a hundred SCTs",
    formats: ALL,
    expected: "sct-invalid",
    attack: steps({
      scts: (sct, { key }) =>
        times(100, (index) => signSct({ ...sct, timestampMs: sct.timestampMs + index }, key)),
    }),
  },
  {
    attackClass: 23,
    name: "manifest of six megabytes",
    formats: ALL,
    expected: "evidence-too-large",
    attack: () => ({
      publish: ({ manifest }) => [
        rewrite(manifest, (json) => set(json, ["annotations"], { padding: "x".repeat(6 * 1024 * 1024) })),
      ],
    }),
  },
];

const wrapDer = (inner: Buffer): Buffer => {
  const length =
    inner.length < 0x80 ? Buffer.of(inner.length) : Buffer.of(0x82, inner.length >> 8, inner.length & 0xff);
  return Buffer.concat([Buffer.of(0x30), length, inner]);
};
