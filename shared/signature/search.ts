import type { Digest } from "../artifact/digest.ts";
import { MEDIA_TYPE } from "../artifact/media-types.ts";
import type { Descriptor, RegistryReader } from "../ports.ts";
import { parseEvidenceManifest } from "./evidence/evidence-manifest.ts";
import { readOrRefuse } from "./evidence/evidence-reader.ts";
import { type Examination, type Examined, examineManifest } from "./examine.ts";
import { bothRefused } from "./finding.ts";
import { LIMITS } from "./limits.ts";
import type { Reason } from "./reasons.ts";
import { Refusal } from "./refusal.ts";
import { SIGNATURE_PREDICATE } from "./rule.ts";
import type { VerdictCache } from "./verdict-cache.ts";

/** Everything that was found for an artifact, in the order in which it was read. */
export interface Found {
  readonly referrers: readonly Examined[];
  /** From the tag `sha256-<hex>.sig` or `.att`. */
  readonly tagged: readonly Examined[];
  /** Places that hold more than is read, or nothing readable: the evidence's own fault. */
  readonly obstacles: readonly Reason[];
  /** What kept the question open. Errors of the registry, never of evidence. */
  readonly failures: readonly unknown[];
}

export interface Search extends Examination {
  readonly registry: RegistryReader;
  readonly verdicts: VerdictCache;
  readonly signal: AbortSignal;
}

const PREDICATE_ANNOTATION = "dev.sigstore.bundle.predicateType";

/** What an index says about a manifest only decides what is read first; with a bound on reading, that matters. */
const rank = ({ artifactType = "", annotations }: Descriptor, wanted: string): number => {
  if (!artifactType.startsWith(MEDIA_TYPE.sigstoreBundlePrefix))
    return artifactType === MEDIA_TYPE.ociEmpty || artifactType === "" ? 1 : 2;
  return annotations?.[PREDICATE_ANNOTATION] === wanted ? 0 : 1;
};

const inReadingOrder = (descriptors: readonly Descriptor[], wanted: string): readonly Descriptor[] => {
  const distinct = [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
  return distinct.sort((a, b) => rank(a, wanted) - rank(b, wanted));
};

const isDecided = ({ findings }: Examined): boolean => findings.strict.verified;

const examineReferrer = async (digest: Digest, search: Search): Promise<Examined> => {
  const known = search.verdicts.get(search, digest);
  if (known !== undefined) return known;
  try {
    const manifest = await search.reader.manifest({ ...search.repository, digest });
    return await examineManifest(manifest, digest, search);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: "unknown", digest, findings: bothRefused(error.reason), isFluxBundle: false };
  }
};

interface Collected {
  readonly referrers: Examined[];
  readonly tagged: Examined[];
  readonly obstacles: Reason[];
  readonly failures: unknown[];
}

/** Looks in one place. What cannot be read there is noted, and hides nothing that can be read elsewhere. */
const lookIn = async (
  { obstacles, failures }: Collected,
  signal: AbortSignal,
  look: () => Promise<void>,
): Promise<void> => {
  try {
    await look();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Refusal) obstacles.push(error.reason);
    else failures.push(error);
  }
};

const searchReferrers = async (search: Search, collected: Collected): Promise<void> => {
  const { registry, repository, subject, signal, predicateType = SIGNATURE_PREDICATE } = search;
  const name = { ...repository, digest: subject.digest };
  const listed = await readOrRefuse(registry.listReferrers(name, signal));
  const ordered = inReadingOrder(listed, predicateType);
  for (const { digest } of ordered.slice(0, LIMITS.referrers)) {
    await lookIn(collected, signal, async () => {
      const examined = await examineReferrer(digest, search);
      search.verdicts.keep(search, examined);
      collected.referrers.push(examined);
    });
    if (collected.referrers.some(isDecided)) return;
  }
  if (ordered.length > LIMITS.referrers) collected.obstacles.push("evidence-too-large");
};

const examineTagged = async (digest: Digest, bytes: Uint8Array, search: Search): Promise<Examined> => {
  try {
    return await examineManifest(parseEvidenceManifest(bytes), digest, search);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: "legacy", digest, findings: bothRefused(error.reason), isFluxBundle: false };
  }
};

const searchTag = async (search: Search, collected: Collected): Promise<void> => {
  const { registry, repository, subject, signal, predicateType = SIGNATURE_PREDICATE } = search;
  const suffix = predicateType === SIGNATURE_PREDICATE ? "sig" : "att";
  const tag = `${subject.digest.replace(":", "-")}.${suffix}`;
  const fetched = await readOrRefuse(registry.fetchManifestByTag(repository, tag, signal));
  if (fetched === undefined) return;
  const { digest, bytes } = fetched;
  const examined = search.verdicts.get(search, digest) ?? (await examineTagged(digest, bytes, search));
  search.verdicts.keep(search, examined);
  collected.tagged.push(examined);
};

/**
 * Looks in every place where evidence may lie, until something satisfies the rule strictly: bundles that refer
 * to the artifact first, then the tag of the older format.
 */
export const searchEvidence = async (search: Search): Promise<Found> => {
  const collected: Collected = { referrers: [], tagged: [], obstacles: [], failures: [] };
  await lookIn(collected, search.signal, () => searchReferrers(search, collected));
  if (!collected.referrers.some(isDecided)) {
    await lookIn(collected, search.signal, () => searchTag(search, collected));
  }
  return collected;
};
