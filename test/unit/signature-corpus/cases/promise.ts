import { createKeyPair, hashOf } from "../../../../functions/local/playground/sigstore/keys.ts";
import { type LogEntry, toSetPayload } from "../../../../functions/local/playground/sigstore/log-entry.ts";
import type { TransparencyLog } from "../../../../functions/local/playground/sigstore/rekor.ts";
import { type CorpusCase, request, SIGNED_TIME, steps } from "../corpus-case.ts";
import { ENTRY, edit, editLogBundle, flip, remove, set, tamper } from "../edit.ts";

type EditEntry = (entry: LogEntry, log: TransparencyLog) => LogEntry;

/** Signs the promise anew after a change, with the log's own key unless told otherwise. */
const resign = (entry: LogEntry, log: TransparencyLog, key = log.key): LogEntry => ({
  ...entry,
  signedEntryTimestamp: key.sign(toSetPayload({ ...entry, integratedTime: entry.integratedTime ?? 0 })),
});

const promise = (name: string, expected: CorpusCase["expected"], change: EditEntry): CorpusCase => ({
  attackClass: 4,
  name,
  formats: SIGNED_TIME,
  expected,
  attack: steps({ entry: change }),
});

export const promiseCases: readonly CorpusCase[] = [
  {
    attackClass: 4,
    name: "integratedTime moved by an hour after signing",
    formats: SIGNED_TIME,
    expected: "set-invalid",
    attack: steps({ entry: (entry) => ({ ...entry, integratedTime: (entry.integratedTime ?? 0) + 3600 }) }),
  },
  promise("integratedTime moved by one second", "set-invalid", (entry) => ({
    ...entry,
    integratedTime: (entry.integratedTime ?? 0) - 1,
  })),
  promise("log index edited", "set-invalid", (entry) => ({ ...entry, logIndex: entry.logIndex + 1 })),
  promise("promise signed by another key", "set-invalid", (entry, log) =>
    resign(entry, log, createKeyPair("p256")),
  ),
  promise("promise by a log that nobody trusts", "log-unknown", (entry, log) => {
    const key = createKeyPair("p256");
    return resign({ ...entry, logId: hashOf(key.spki) }, log, key);
  }),
  promise("one bit of the promise flipped", "set-invalid", (entry) => ({
    ...entry,
    signedEntryTimestamp: flip(entry.signedEntryTimestamp ?? new Uint8Array(), -1),
  })),
  {
    attackClass: 4,
    name: "integratedTime without a promise is no time",
    formats: ["bundle-rekor1"],
    expected: "no-signed-time",
    attack: steps(tamper({ bundle: (bundle) => remove(bundle, [...ENTRY, "inclusionPromise"]) })),
  },
  {
    attackClass: 4,
    name: "integratedTime edited, promise removed, timestamp from now",
    formats: ["bundle-rekor1"],
    expected: "verified",
    setup: request({ timestamp: true }),
    attack: steps(
      tamper({
        bundle: (bundle) =>
          set(remove(bundle, [...ENTRY, "inclusionPromise"]), [...ENTRY, "integratedTime"], "1"),
      }),
    ),
  },
  {
    attackClass: 4,
    name: "integratedTime of zero with a promise for another time",
    formats: ["bundle-rekor1"],
    expected: "set-invalid",
    attack: steps(tamper({ bundle: (bundle) => set(bundle, [...ENTRY, "integratedTime"], "0") })),
  },
  {
    attackClass: 4,
    name: "log bundle without a promise",
    formats: ["legacy"],
    expected: "evidence-malformed",
    attack: steps(
      tamper({ layer: (layer) => editLogBundle(layer, (log) => remove(log, ["SignedEntryTimestamp"])) }),
    ),
  },
  {
    attackClass: 4,
    name: "integratedTime with a fraction",
    formats: ["legacy"],
    expected: "evidence-malformed",
    attack: steps(
      tamper({
        layer: (layer) =>
          editLogBundle(layer, (log) =>
            edit(log, ["Payload", "integratedTime"], (time) => Number(time) + 0.5),
          ),
      }),
    ),
  },
  {
    attackClass: 4,
    name: "log id of another case",
    formats: ["legacy"],
    expected: "evidence-malformed",
    attack: steps(
      tamper({
        layer: (layer) =>
          editLogBundle(layer, (log) => edit(log, ["Payload", "logID"], (id) => `${id}`.toUpperCase())),
      }),
    ),
  },
];
