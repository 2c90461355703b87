import type { Repository } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, checkDigest, checkTag, type RemoteContext, toTarget } from "./context.ts";

const remove = (
  context: RemoteContext,
  repository: Repository,
  reference: string,
  { signal }: CallOptions,
): Promise<boolean> => {
  const target = toTarget(context, repository, "delete");
  const url = target.url(`manifests/${reference}`);
  return context.transport(
    { method: "DELETE", url, access: target.access, signal },
    async (response, what) => {
      if (response.status === 404) return false;
      if (response.status === 200 || response.status === 202 || response.status === 204) return true;
      throw await toResponseError(what, response, context.nowMs());
    },
  );
};

/** Deletes a manifest and with it every tag on it; false where it was not there. */
export const deleteManifest = async (
  context: RemoteContext,
  repository: Repository,
  digest: Digest,
  options: CallOptions,
): Promise<boolean> => remove(context, repository, checkDigest(digest), options);

/** Deletes a tag alone. Registries that cannot answer `UNSUPPORTED`. */
export const deleteTag = async (
  context: RemoteContext,
  repository: Repository,
  tag: string,
  options: CallOptions,
): Promise<boolean> => remove(context, repository, checkTag(tag), options);
