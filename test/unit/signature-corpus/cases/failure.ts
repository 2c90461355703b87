import { PipelineError } from "../../../../shared/errors.ts";
import type { RegistryReader } from "../../../../shared/ports.ts";
import { ALL, BUNDLES, type Change, type CorpusCase } from "../corpus-case.ts";

const brokenReader =
  (broken: (honest: RegistryReader) => Partial<RegistryReader>): Change =>
  ({ toReader }) => ({
    toReader: (honest) => ({ ...toReader(honest), ...broken(honest) }),
  });

const fail = (error: () => Error) => async (): Promise<never> => {
  throw error();
};

const unavailable = () => new PipelineError("registry answered 503", { code: "REGISTRY_UNAVAILABLE" });

const denied = () => new PipelineError("registry answered 403", { code: "REGISTRY_DENIED" });

const mismatch = () => new PipelineError("other bytes", { code: "REGISTRY_DIGEST_MISMATCH" });

/** Not knowing is not verified: every failure leaves as an error or a refusal, never as a pass. */
export const failureCases: readonly CorpusCase[] = [
  {
    attackClass: 32,
    name: "registry does not answer about referrers",
    formats: BUNDLES,
    expected: "throws REGISTRY_UNAVAILABLE",
    attack: brokenReader(() => ({ listReferrers: fail(unavailable) })),
  },
  {
    attackClass: 32,
    name: "registry denies the blob",
    formats: ALL,
    expected: "throws REGISTRY_DENIED",
    attack: brokenReader(() => ({ fetchBlob: fail(denied) })),
  },
  {
    attackClass: 32,
    name: "registry does not answer about the `.sig` tag",
    formats: ["legacy"],
    expected: "throws REGISTRY_UNAVAILABLE",
    attack: brokenReader(() => ({ fetchManifestByTag: fail(unavailable) })),
  },
  {
    attackClass: 18,
    name: "registry serves other bytes for a blob",
    formats: ALL,
    expected: "throws REGISTRY_DIGEST_MISMATCH",
    attack: brokenReader(() => ({ fetchBlob: fail(mismatch) })),
  },
  {
    attackClass: 18,
    name: "registry serves other bytes for a referrer",
    formats: BUNDLES,
    expected: "throws REGISTRY_DIGEST_MISMATCH",
    attack: brokenReader(() => ({ fetchManifest: fail(mismatch) })),
  },
];
