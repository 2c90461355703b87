import {
  signCheckpoint,
  signNote,
  toCheckpointText,
} from "../../../../functions/local/playground/sigstore/checkpoint.ts";
import type { InclusionProof } from "../../../../functions/local/playground/sigstore/log-entry.ts";
import type { TransparencyLog } from "../../../../functions/local/playground/sigstore/rekor.ts";
import { withProof } from "../changes.ts";
import { BUNDLES, type CorpusCase, steps } from "../corpus-case.ts";

/** A note signed by the log itself whose text, or whose frame, is not a checkpoint's. */
const malformed = (
  name: string,
  change: (proof: InclusionProof, log: TransparencyLog) => string,
): CorpusCase => ({
  attackClass: 6,
  name: `checkpoint ${name}`,
  formats: BUNDLES,
  expected: "checkpoint-malformed",
  attack: steps({
    entry: (entry, log) => withProof(entry, (proof) => ({ ...proof, checkpoint: change(proof, log) })),
  }),
});

const textOf = (proof: InclusionProof, { origin }: TransparencyLog): string =>
  toCheckpointText({ ...proof, origin });

const withLine =
  (index: number, line: string) =>
  (proof: InclusionProof, log: TransparencyLog): string =>
    signNote(textOf(proof, log).split("\n").with(index, line).join("\n"), log.noteSigner);

const SIGNATURE_LINE = /^\u2014 (\S+) (\S+)\n$/m;

export const checkpointCases: readonly CorpusCase[] = [
  malformed("without an origin", withLine(0, "")),
  malformed("whose tree size is no number", withLine(1, "many")),
  malformed("whose tree size is negative", withLine(1, "-1")),
  malformed("whose tree size is beyond counting", withLine(1, "9007199254740993")),
  malformed("whose tree size is in hexadecimal", withLine(1, "0x10")),
  malformed("whose root hash is not 32 bytes", (proof, log) =>
    signCheckpoint({ ...proof, origin: log.origin, rootHash: Buffer.alloc(31) }, log.noteSigner),
  ),
  malformed("whose root hash is no base64", withLine(2, "!".repeat(44))),
  malformed("with two lines alone", (_proof, log) => signNote(`${log.origin}\n6\n`, log.noteSigner)),
  malformed("without its last line break", ({ checkpoint }) => checkpoint.trimEnd()),
  malformed("whose signature line begins otherwise", ({ checkpoint }) => checkpoint.replace("\u2014", "-")),
  malformed("whose signature is shorter than its hint", ({ checkpoint }) =>
    checkpoint.replace(SIGNATURE_LINE, "\u2014 $1 AAAA\n"),
  ),
  malformed("with a line after its signatures that is none", ({ checkpoint }) => `${checkpoint}more\n`),
  malformed("with a hundred signatures", ({ checkpoint }) =>
    checkpoint.replace(SIGNATURE_LINE, (line) => line.repeat(100)),
  ),
];
