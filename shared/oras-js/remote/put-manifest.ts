import type { Repository } from "../descriptor.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, type RemoteContext, toTarget } from "./context.ts";

export interface ManifestToPush {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** One `PUT`; answers whether the registry said that it took note of the subject. */
export const putManifest = (
  context: RemoteContext,
  repository: Repository,
  reference: string,
  { mediaType, bytes }: ManifestToPush,
  { signal }: CallOptions,
): Promise<{ readonly subjectKnown: boolean }> => {
  const target = toTarget(context, repository, "pull,push");
  const url = target.url(`manifests/${reference}`);
  const headers = { "content-type": mediaType };
  const exchange = { method: "PUT", url, access: target.access, headers, body: bytes, signal } as const;
  return context.transport(exchange, async (response, what) => {
    if (response.status !== 201) throw await toResponseError(what, response, context.nowMs());
    return { subjectKnown: response.headers.has("oci-subject") };
  });
};
