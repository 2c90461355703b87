import type { Digest } from "../artifact/digest.ts";
import type { Examination, Examined } from "./examine.ts";
import { createLru } from "./lru.ts";

/** Remembers evidence that verified. Refusals and failures are never kept: the next look may find more. */
export interface VerdictCache {
  get(examination: Examination, digest: Digest): Examined | undefined;
  keep(examination: Examination, examined: Examined): void;
}

const CAPACITY = 16_384;

/** A verdict holds for one trusted root, one rule, one artifact and one manifest of evidence, all by their hashes. */
const keyOf = ({ context, rule, subject }: Examination, evidence: Digest): string =>
  `${context.root?.id ?? "-"}:${rule.fingerprint}:${subject.digest}:${evidence}`;

/** Only a certificate beside a key's signature is judged by the present time, and only legacy layers carry one. */
const holdsForEver = ({ kind, findings: { strict } }: Examined): boolean =>
  strict.verified && (strict.keyId === undefined || kind === "bundle");

export const createVerdictCache = (): VerdictCache => {
  const verdicts = createLru<Examined>(CAPACITY);
  return {
    get: (examination, digest) => verdicts.get(keyOf(examination, digest)),
    keep(examination, examined) {
      if (holdsForEver(examined)) verdicts.set(keyOf(examination, examined.digest), examined);
    },
  };
};
