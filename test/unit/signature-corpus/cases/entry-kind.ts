import type { Json, JsonObject } from "../../../../functions/local/playground/sigstore/json.ts";
import { createKeyPair, toBase64 } from "../../../../functions/local/playground/sigstore/keys.ts";
import type { EntryBody } from "../../../../functions/local/playground/sigstore/log-entry.ts";
import { BUNDLES, type CorpusCase, type Expected, type Format, request, steps } from "../corpus-case.ts";
import { ENTRY, edit, set, tamper } from "../edit.ts";

const entryKind = (
  name: string,
  formats: readonly Format[],
  expected: Expected,
  change: (body: EntryBody) => EntryBody,
): CorpusCase => ({
  attackClass: 2,
  name: `log entry ${name}`,
  formats,
  expected,
  attack: steps({ entryBody: change }),
});

const withSpec = (body: EntryBody, change: (spec: JsonObject) => Json): EntryBody => ({
  ...body,
  spec: change(body.spec as JsonObject),
});

const both = (list: Json): Json => (Array.isArray(list) ? [...list, ...list] : list);

/** An entry is compared only where it is of a kind whose every part is known. */
export const entryKindCases: readonly CorpusCase[] = [
  entryKind("of a kind that nobody knows", ["bundle-rekor1", "legacy"], "log-entry-unsupported", (body) => ({
    ...body,
    kind: "alpine",
  })),
  entryKind(
    "of a version that nobody knows",
    ["bundle-rekor1", "legacy"],
    "log-entry-unsupported",
    (body) => ({
      ...body,
      apiVersion: "0.0.9",
    }),
  ),
  entryKind("with a hash that nobody knows", ["legacy"], "log-entry-unsupported", (body) =>
    withSpec(body, (spec) => set(spec, ["data", "hash", "algorithm"], "md5")),
  ),
  entryKind("with two signatures", ["bundle-rekor1"], "log-entry-mismatch", (body) =>
    withSpec(body, (spec) => edit(spec, ["signatures"], both)),
  ),
  entryKind("without signatures", ["bundle-rekor1"], "log-entry-mismatch", (body) =>
    withSpec(body, (spec) => set(spec, ["signatures"], [])),
  ),
  {
    attackClass: 2,
    name: "entry for a message beside an envelope",
    formats: ["bundle-rekor1"],
    expected: "log-entry-unsupported",
    attack: request({ entryKind: "hashedrekord" }),
  },
  {
    attackClass: 2,
    name: "entry for an envelope beside a message",
    formats: ["legacy"],
    expected: "log-entry-unsupported",
    attack: request({ entryKind: "dsse" }),
  },
  {
    attackClass: 2,
    name: "entry listed under another kind than its own",
    formats: ["bundle-rekor1"],
    expected: "log-entry-mismatch",
    attack: steps(
      tamper({
        bundle: (bundle) => set(bundle, [...ENTRY, "kindVersion"], { kind: "intoto", version: "0.0.2" }),
      }),
    ),
  },
  {
    attackClass: 2,
    name: "entry of Rekor v2 listed as one of Rekor v1",
    formats: ["bundle-rekor2"],
    expected: "log-entry-mismatch",
    attack: steps(tamper({ bundle: (bundle) => set(bundle, [...ENTRY, "kindVersion", "version"], "0.0.1") })),
  },
  {
    attackClass: 2,
    name: "entry of Rekor v2 for a key that this log does not take",
    formats: ["bundle-rekor2"],
    expected: "log-entry-unsupported",
    attack: request({ key: createKeyPair("ed25519") }),
  },
  {
    attackClass: 2,
    name: "entry body that is no JSON",
    formats: BUNDLES,
    expected: "log-entry-mismatch",
    attack: steps(
      tamper({ bundle: (bundle) => set(bundle, [...ENTRY, "canonicalizedBody"], toBase64("body")) }),
    ),
  },
];
