import {
  signCheckpoint,
  signNote,
  toCheckpointText,
  toNoteSigner,
} from "../../../../functions/local/playground/sigstore/checkpoint.ts";
import { createKeyPair, toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import type { InclusionProof, LogEntry } from "../../../../functions/local/playground/sigstore/log-entry.ts";
import {
  createRekorV1,
  createRekorV2,
  type TransparencyLog,
} from "../../../../functions/local/playground/sigstore/rekor.ts";
import { toTrustedRoot } from "../../../../functions/local/playground/sigstore/trusted-root.ts";
import { withProof } from "../changes.ts";
import {
  BUNDLES,
  type Change,
  type CorpusCase,
  type Expected,
  type Format,
  request,
  steps,
} from "../corpus-case.ts";
import { ENTRY, edit, flip, remove, set, tamper } from "../edit.ts";
import { createSeededBytes } from "../world.ts";

const proof = (
  name: string,
  expected: Expected,
  change: (proof: InclusionProof, log: TransparencyLog) => InclusionProof,
  formats: readonly Format[] = BUNDLES,
): CorpusCase => ({
  attackClass: 6,
  name,
  formats,
  expected,
  attack: steps({ entry: (entry, log) => withProof(entry, (honest) => change(honest, log)) }),
});

/** A second log of each version that the root trusts too. */
const otherV1 = createRekorV1({ host: "other.rekor.local", random: createSeededBytes(11), treeId: "77" });

const otherV2 = createRekorV2({ host: "other.log.local", random: createSeededBytes(12) });

const trustBothLogs: Change = (_scenario, { sigstore, nowMs }) => {
  const { tlogs } = sigstore.trustedRootContents;
  const others = [otherV1, otherV2].map(({ host, key, logId }) => ({
    url: `https://${host}`,
    key,
    logId,
    startMs: nowMs - 1_000_000_000,
  }));
  const contents = { ...sigstore.trustedRootContents, tlogs: [...tlogs, ...others] };
  return { trustedRootJson: JSON.stringify(toTrustedRoot(contents)) };
};

const otherLog = (format: Format): TransparencyLog => (format === "bundle-rekor2" ? otherV2 : otherV1);

/** The same body in the other trusted log: a whole proof, but not by the log the entry names. */
const proofOfOtherLog = (format: Format, { kind, version, body }: LogEntry): InclusionProof | undefined => {
  const spec = JSON.parse(Buffer.from(body).toString("utf8")).spec;
  return otherLog(format).append({ kind, apiVersion: version, spec }, 0).inclusionProof;
};

export const proofCases: readonly CorpusCase[] = [
  {
    attackClass: 5,
    name: "proof and checkpoint of another trusted log",
    formats: BUNDLES,
    expected: "checkpoint-origin-mismatch",
    setup: trustBothLogs,
    attack: steps(({ request: { format } }) => ({
      entry: (entry) => {
        const inclusionProof = proofOfOtherLog(format, entry);
        if (inclusionProof === undefined) return entry;
        const logIndex = format === "bundle-rekor2" ? inclusionProof.logIndex : entry.logIndex;
        return { ...entry, inclusionProof, logIndex };
      },
    })),
  },
  {
    attackClass: 5,
    name: "log id of another trusted log",
    formats: BUNDLES,
    expected: { "bundle-rekor1": "set-invalid", "bundle-rekor2": "checkpoint-origin-mismatch" },
    setup: trustBothLogs,
    attack: steps(({ request: { format } }) => ({
      entry: (entry) => ({ ...entry, logId: otherLog(format).logId }),
    })),
  },
  {
    attackClass: 5,
    name: "checkpoint signed by another trusted log in this log's name",
    formats: BUNDLES,
    expected: "checkpoint-signature-invalid",
    setup: trustBothLogs,
    attack: steps(({ request: { format } }) => ({
      entry: (entry, log) =>
        withProof(entry, (honest) => ({
          ...honest,
          checkpoint: signCheckpoint(
            { ...honest, origin: log.origin },
            toNoteSigner(log.host, otherLog(format).key),
          ),
        })),
    })),
  },
  proof(
    "checkpoint whose origin only contains the log's name",
    "checkpoint-origin-mismatch",
    (honest, log) => ({
      ...honest,
      checkpoint: signCheckpoint(
        { ...honest, origin: log.origin.replace(log.host, `${log.host}.evil.example`) },
        log.noteSigner,
      ),
    }),
  ),
  proof(
    "checkpoint whose origin matches the name as a pattern",
    "checkpoint-origin-mismatch",
    (honest, log) => ({
      ...honest,
      checkpoint: signCheckpoint({ ...honest, origin: log.origin.replace(/\./g, "x") }, log.noteSigner),
    }),
  ),
  proof("checkpoint signature line under another name", "checkpoint-signature-invalid", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint(
      { ...honest, origin: log.origin },
      { ...log.noteSigner, name: `x${log.host}` },
    ),
  })),
  proof("checkpoint with another key hint", "checkpoint-signature-invalid", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint(
      { ...honest, origin: log.origin },
      { ...log.noteSigner, keyHint: Buffer.alloc(4) },
    ),
  })),
  proof("checkpoint by a key of nobody's", "checkpoint-signature-invalid", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint(
      { ...honest, origin: log.origin },
      { ...log.noteSigner, key: createKeyPair(log.key.kind) },
    ),
  })),
  proof("root hash that only the proof names", "inclusion-proof-invalid", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint(
      { ...honest, origin: log.origin, rootHash: Buffer.alloc(32, 7) },
      log.noteSigner,
    ),
  })),
  proof("tree size that only the proof names", "inclusion-proof-invalid", (honest) => ({
    ...honest,
    treeSize: honest.treeSize + 1,
  })),
  proof("line added to the checkpoint's text after signing", "checkpoint-signature-invalid", (honest) => ({
    ...honest,
    checkpoint: honest.checkpoint.replace("\n\n", "\nadded\n\n"),
  })),
  proof("checkpoint without a signature", "checkpoint-malformed", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint({ ...honest, origin: log.origin }),
  })),
  proof("checkpoint without the empty line", "checkpoint-malformed", (honest) => ({
    ...honest,
    checkpoint: honest.checkpoint.replace("\n\n", "\n"),
  })),
  proof("checkpoint whose tree size has a leading zero", "checkpoint-malformed", (honest, log) => ({
    ...honest,
    checkpoint: signNote(
      toCheckpointText({ ...honest, origin: log.origin }).replace("\n", "\n0"),
      log.noteSigner,
    ),
  })),
  proof("empty checkpoint", "checkpoint-malformed", (honest) => ({ ...honest, checkpoint: "" })),
  proof("sibling hash changed", "inclusion-proof-invalid", (honest) => ({
    ...honest,
    hashes: honest.hashes.map((hash, index) => (index === 0 ? flip(hash, 0) : hash)),
  })),
  proof("one sibling hash too many", "inclusion-proof-invalid", (honest) => ({
    ...honest,
    hashes: [...honest.hashes, Buffer.alloc(32)],
  })),
  proof("one sibling hash too few", "inclusion-proof-invalid", (honest) => ({
    ...honest,
    hashes: honest.hashes.slice(1),
  })),
  proof("index of another leaf", "inclusion-proof-invalid", (honest) => ({ ...honest, logIndex: 0 })),
  proof("index beyond the tree", "inclusion-proof-invalid", (honest) => ({
    ...honest,
    logIndex: honest.treeSize,
  })),
  proof("cosignature of a witness beside the log's", "verified", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint(
      { ...honest, origin: log.origin },
      log.noteSigner,
      toNoteSigner("witness.example", createKeyPair("ed25519")),
    ),
  })),
  proof("cosignature of a witness before the log's", "verified", (honest, log) => ({
    ...honest,
    checkpoint: signCheckpoint(
      { ...honest, origin: log.origin },
      toNoteSigner("witness.example", createKeyPair("ed25519")),
      log.noteSigner,
    ),
  })),
  {
    attackClass: 6,
    name: "entry that claims another index than the proved one",
    formats: ["bundle-rekor2"],
    expected: "inclusion-proof-invalid",
    attack: steps({ entry: (entry) => ({ ...entry, logIndex: entry.logIndex + 1 }) }),
  },
  {
    attackClass: 6,
    name: "no inclusion proof",
    formats: BUNDLES,
    expected: "log-proof-missing",
    attack: steps(tamper({ bundle: (bundle) => remove(bundle, [...ENTRY, "inclusionProof"]) })),
  },
  {
    attackClass: 6,
    name: "blank added to the entry's body under its proof, promise removed",
    formats: BUNDLES,
    expected: { "bundle-rekor1": "inclusion-proof-invalid", "bundle-rekor2": "log-entry-mismatch" },
    setup: request({ timestamp: true }),
    attack: steps(
      tamper({
        bundle: (bundle) =>
          edit(remove(bundle, [...ENTRY, "inclusionPromise"]), [...ENTRY, "canonicalizedBody"], (body) =>
            toBase64(`${Buffer.from(`${body}`, "base64").toString("utf8")} `),
          ),
      }),
    ),
  },
  {
    attackClass: 6,
    name: "rootHash of the proof is not 32 bytes",
    formats: BUNDLES,
    expected: "evidence-malformed",
    attack: steps(
      tamper({
        bundle: (bundle) => set(bundle, [...ENTRY, "inclusionProof", "rootHash"], toBase64("short")),
      }),
    ),
  },
];
