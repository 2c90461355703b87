import type { Digest } from "../artifact/digest.ts";
import { MEDIA_TYPE } from "../artifact/media-types.ts";
import type { Descriptor, RegistryReader } from "../ports.ts";
import { parseEvidenceManifest } from "./evidence-manifest.ts";
import { readOrRefuse } from "./evidence-reader.ts";
import { type Examination, type Examined, examineManifest } from "./examine.ts";
import { bothRefused } from "./finding.ts";
import { LIMITS } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { SIGNATURE_PREDICATE } from "./rule.ts";
import type { VerdictCache } from "./verdict-cache.ts";

/** Everything that was found for an artifact, in the order in which it was read. */
export interface Found {
  readonly referrers: readonly Examined[];
  /** From the tag `sha256-<hex>.sig` or `.att`. */
  readonly tagged: readonly Examined[];
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

const searchReferrers = async (search: Search): Promise<Omit<Found, "tagged">> => {
  const { registry, repository, subject, signal, predicateType = SIGNATURE_PREDICATE } = search;
  const referrers: Examined[] = [];
  const failures: unknown[] = [];
  const listed = await registry.listReferrers({ ...repository, digest: subject.digest }, signal);
  const ordered = inReadingOrder(listed, predicateType);
  for (const { digest } of ordered.slice(0, LIMITS.referrers)) {
    try {
      const examined = await examineReferrer(digest, search);
      search.verdicts.keep(search, examined);
      referrers.push(examined);
      if (isDecided(examined)) return { referrers, failures };
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  const [unread] = ordered.slice(LIMITS.referrers);
  if (unread !== undefined) {
    referrers.push({
      kind: "unknown",
      digest: unread.digest,
      findings: bothRefused("evidence-too-large"),
      isFluxBundle: false,
    });
  }
  return { referrers, failures };
};

const searchTag = async (search: Search): Promise<readonly Examined[]> => {
  const { registry, repository, subject, signal, predicateType = SIGNATURE_PREDICATE } = search;
  const suffix = predicateType === SIGNATURE_PREDICATE ? "sig" : "att";
  const tag = `${subject.digest.replace(":", "-")}.${suffix}`;
  const fetched = await readOrRefuse(registry.fetchManifestByTag(repository, tag, signal));
  if (fetched === undefined) return [];
  const { digest, bytes } = fetched;
  const known = search.verdicts.get(search, digest);
  if (known !== undefined) return [known];
  try {
    const examined = await examineManifest(parseEvidenceManifest(bytes), digest, search);
    search.verdicts.keep(search, examined);
    return [examined];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [{ kind: "legacy", digest, findings: bothRefused(error.reason), isFluxBundle: false }];
  }
};

/**
 * Looks in every place where evidence may lie, until something satisfies the rule strictly: bundles that refer
 * to the artifact first, then the tag of the older format. A place that cannot be read does not hide the other.
 */
export const searchEvidence = async (search: Search): Promise<Found> => {
  const failures: unknown[] = [];
  let referrers: readonly Examined[] = [];
  let tagged: readonly Examined[] = [];
  try {
    const found = await searchReferrers(search);
    referrers = found.referrers;
    failures.push(...found.failures);
  } catch (error) {
    search.signal.throwIfAborted();
    failures.push(error);
  }
  if (referrers.some(isDecided)) return { referrers, tagged, failures };
  try {
    tagged = await searchTag(search);
  } catch (error) {
    search.signal.throwIfAborted();
    failures.push(error);
  }
  return { referrers, tagged, failures };
};
