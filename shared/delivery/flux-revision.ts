import { isDigest } from "../artifact/digest.ts";
import type { FluxRevision } from "../cluster-event.ts";

const MAX_CHARACTERS = 512;

/**
 * Reads `<tag>@sha256:<hex>` (OCIRepository), `sha256:<hex>` alone, or a chart version; `ociDigest` is what a
 * HelmRelease says beside its version. A digest that is not one is left out: it confirms nothing.
 */
export const parseFluxRevision = (text: string | undefined, ociDigest?: string): FluxRevision | undefined => {
  if (text === undefined || text.length > MAX_CHARACTERS) return undefined;
  const at = text.lastIndexOf("@");
  const tail = text.slice(at + 1);
  const own = isDigest(tail) ? tail : undefined;
  const digest = own ?? (ociDigest !== undefined && isDigest(ociDigest) ? ociDigest : undefined);
  const tag = at > 0 ? text.slice(0, at) : own === undefined && at === -1 ? text : undefined;
  return {
    text,
    ...(tag === undefined || tag === "" ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
};
