import { includes } from "../encoding/time-range.ts";
import type { InclusionProof, LogEntry, SignedMaterial } from "../evidence/material.ts";
import { inOrder } from "../in-order.ts";
import { type KeyKind, verifySignature } from "../key/keys.ts";
import { refuse } from "../refusal.ts";
import type { TransparencyLog, TrustedRoot } from "../trust/trusted-root.ts";
import { parseCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { compareEntry, type Signer } from "./log-entry.ts";
import { compareVersion2, isVersion2 } from "./log-entry-v2.ts";
import { provesInclusion } from "./merkle.ts";

/** A log entry that verified, and when the log says it was made, if the log signed that. */
export interface VerifiedEntry {
  readonly log: TransparencyLog;
  readonly timeMs: number | undefined;
}

/** The signed entry timestamp covers canonical JSON of exactly these four members. */
const toPromised = (entry: LogEntry): Buffer =>
  Buffer.from(
    `{"body":"${entry.body.toString("base64")}","integratedTime":${entry.integratedTime ?? 0},` +
      `"logID":"${entry.logId.toString("hex")}","logIndex":${entry.logIndex}}`,
  );

const verifyPromise = async (entry: LogEntry, promise: Buffer, log: TransparencyLog): Promise<number> => {
  if (entry.integratedTime === undefined) return refuse("set-invalid", "promise without a time");
  const timeMs = entry.integratedTime * 1000;
  if (!includes(log.validFor, timeMs))
    return refuse("log-key-expired", "log key was not valid at the entry's time");
  if (log.key.family !== "ec") return refuse("set-invalid", "promises are signed with ECDSA");
  if (!(await verifySignature(log.key, "sha256", toPromised(entry), promise))) {
    return refuse("set-invalid", "promise does not verify");
  }
  return timeMs;
};

const verifyProof = async (
  entry: LogEntry,
  proof: InclusionProof,
  log: TransparencyLog,
  version: 1 | 2,
): Promise<void> => {
  const checkpoint = parseCheckpoint(proof.checkpoint);
  // What the proof says about itself must be what the log signed; only the latter is computed with.
  if (proof.treeSize !== checkpoint.treeSize || !proof.rootHash.equals(checkpoint.rootHash)) {
    return refuse("inclusion-proof-invalid", "proof and checkpoint are of different trees");
  }
  if (!provesInclusion(entry.body, proof, checkpoint))
    return refuse("inclusion-proof-invalid", "path does not fit");
  await verifyCheckpoint(checkpoint, log, version);
};

const verifyEntry = async (entry: LogEntry, log: TransparencyLog): Promise<VerifiedEntry> => {
  const version = isVersion2(entry) ? 2 : 1;
  const { promise, proof } = entry;
  // Rekor v2 signs no promises: there the proof is everything.
  if (proof === undefined && (promise === undefined || version === 2)) {
    return refuse("log-proof-missing", "entry has neither proof nor promise");
  }
  // With no promise to cover it, the entry's own index must be the one that is proved.
  if (version === 2 && entry.logIndex !== proof?.logIndex) {
    return refuse("inclusion-proof-invalid", "entry and proof name different indices");
  }
  if (promise !== undefined && version === 2)
    return refuse("set-invalid", "entries of this version have no promise");
  const [timeMs] = await inOrder([
    promise === undefined ? undefined : verifyPromise(entry, promise, log),
    proof === undefined ? undefined : verifyProof(entry, proof, log, version),
  ]);
  return { log, timeMs };
};

/** By index and by content: no proof covers the index that an entry claims at its top level. */
const checkDistinct = (entries: readonly LogEntry[]): void => {
  if (entries.length < 2) return;
  const distinct = (identify: (entry: LogEntry) => string): boolean =>
    new Set(entries.map((entry) => `${entry.logId.toString("hex")}:${identify(entry)}`)).size ===
    entries.length;
  if (!distinct(({ logIndex }) => `${logIndex}`) || !distinct(({ body }) => body.toString("latin1"))) {
    refuse("evidence-duplicated", "one log entry appears twice");
  }
};

/**
 * Verifies every entry of a known log against this signature; entries of unknown logs count for nothing. Cheap
 * comparisons come first, for all entries, before any signature is checked.
 */
export const verifyEntries = async (
  material: SignedMaterial,
  signer: Signer,
  key: KeyKind,
  root: TrustedRoot,
): Promise<readonly VerifiedEntry[]> => {
  checkDistinct(material.entries);
  const known = material.entries.flatMap((entry) => {
    const log = root.logs.get(entry.logId.toString("hex"));
    return log === undefined ? [] : [{ entry, log }];
  });
  for (const { entry } of known) {
    if (isVersion2(entry)) compareVersion2(entry, material, signer, key);
    else compareEntry(entry, material, signer);
  }
  return inOrder(known.map(({ entry, log }) => verifyEntry(entry, log)));
};
