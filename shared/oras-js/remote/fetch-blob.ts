import type { Repository } from "../descriptor.ts";
import { createHasher, type Digest } from "../digest.ts";
import { OrasError } from "../errors.ts";
import { readBody } from "../transport/body.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type CallOptions, checkDigest, type RemoteContext, toTarget } from "./context.ts";

export interface FetchBlobOptions extends CallOptions {
  readonly maxBytes?: number;
  /** The size its descriptor names; other bytes are refused even before they are hashed. */
  readonly size?: number;
}

/** The blob whose bytes hash to `digest`, or `undefined` where the registry has none. */
export const fetchBlob = async (
  context: RemoteContext,
  repository: Repository,
  digest: Digest,
  { maxBytes = context.limits.blobBytes, size, signal }: FetchBlobOptions,
): Promise<Uint8Array | undefined> => {
  if (size !== undefined && size > maxBytes) {
    throw new OrasError(`blob ${digest}: ${size} bytes are more than the cap of ${maxBytes}`, {
      code: "TOO_LARGE",
    });
  }
  const target = toTarget(context, repository, "pull");
  const url = target.url(`blobs/${checkDigest(digest)}`);
  return context.transport({ method: "GET", url, access: target.access, signal }, async (response, what) => {
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw await toResponseError(what, response, context.nowMs());
    const hash = createHasher(digest);
    const bytes = await readBody(response, { what, maxBytes: size ?? maxBytes, hash });
    if (size !== undefined && bytes.byteLength !== size) {
      throw new OrasError(`${what}: ${bytes.byteLength} bytes instead of ${size}`, {
        code: "DIGEST_MISMATCH",
      });
    }
    if (hash.digest("hex") !== digest.slice(digest.indexOf(":") + 1)) {
      throw new OrasError(`${what}: the bytes do not hash to the digest asked for`, {
        code: "DIGEST_MISMATCH",
      });
    }
    return bytes;
  });
};
