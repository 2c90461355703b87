import { randomUUID } from "node:crypto";
import { isDigest } from "../digest.ts";
import type { Caller, RegistryContext } from "./context.ts";
import { errorReply, type RegistryRequest, type Reply, reply } from "./reply.ts";
import { hashesTo } from "./store.ts";

interface Session {
  readonly repository: string;
  readonly chunks: Uint8Array[];
  size: number;
}

export interface Uploads {
  start(request: RegistryRequest, caller: Caller, repository: string): Promise<Reply>;
  continue(request: RegistryRequest, caller: Caller, repository: string, id: string): Promise<Reply>;
}

const tooLarge = (): Reply => errorReply(413, "SIZE_INVALID", "the blob is larger than this registry takes");
const badDigest = (): Reply => errorReply(400, "DIGEST_INVALID", "the bytes do not hash to the digest given");

export const createUploads = ({ store, emit, limits }: RegistryContext): Uploads => {
  const sessions = new Map<string, Session>();

  const sessionHeaders = (id: string, { repository, size }: Session): Record<string, string> => ({
    location: `/v2/${repository}/blobs/uploads/${id}`,
    "docker-upload-uuid": id,
    range: `0-${Math.max(size - 1, 0)}`,
  });

  const created = (repository: string, digest: string): Reply =>
    reply(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest });

  const keep = (
    request: RegistryRequest,
    { user }: Caller,
    repository: string,
    digest: string,
    bytes: Uint8Array,
  ): Reply => {
    if (!isDigest(digest) || !hashesTo(bytes, digest)) return badDigest();
    if (!store.putBlob(repository, digest, bytes)) return tooLarge();
    const target = { mediaType: "application/octet-stream", digest, size: bytes.byteLength };
    emit({ action: "push", repository, kind: "blobs", target, request, actor: user });
    return created(repository, digest);
  };

  const mount = (
    request: RegistryRequest,
    caller: Caller,
    repository: string,
    digest: string,
    from: string,
  ): Reply | undefined => {
    // Whoever may not read the source must not learn or take its blobs by mounting.
    if (!caller.may(from, "pull") || !store.mountBlob(repository, from, digest)) return undefined;
    const size = store.blob(repository, digest)?.byteLength ?? 0;
    const target = { mediaType: "application/octet-stream", digest, size, fromRepository: from };
    emit({ action: "mount", repository, kind: "blobs", target, request, actor: caller.user });
    return created(repository, digest);
  };

  const open = (repository: string): Reply => {
    const [oldest] = sessions.keys();
    if (sessions.size >= limits.uploads && oldest !== undefined) sessions.delete(oldest);
    const id = randomUUID();
    const session = { repository, chunks: [], size: 0 };
    sessions.set(id, session);
    return reply(202, sessionHeaders(id, session));
  };

  const append = async (
    request: RegistryRequest,
    id: string,
    session: Session,
  ): Promise<Reply | undefined> => {
    const range = /^(\d+)-\d+$/.exec(request.headers["content-range"] ?? "");
    if (range !== null && Number(range[1]) !== session.size) {
      return errorReply(416, "BLOB_UPLOAD_INVALID", "chunk out of order", sessionHeaders(id, session));
    }
    const bytes = await request.body(limits.blobBytes - session.size);
    if (bytes === undefined) return tooLarge();
    session.chunks.push(bytes);
    session.size += bytes.byteLength;
    return undefined;
  };

  return {
    start: async (request, caller, repository) => {
      if (request.method !== "POST") return errorReply(405, "UNSUPPORTED", "method not allowed");
      const { query } = request;
      const [wanted, from, digest] = [query.get("mount"), query.get("from"), query.get("digest")];
      const mounted =
        wanted === null || from === null ? undefined : mount(request, caller, repository, wanted, from);
      if (mounted !== undefined) return mounted;
      if (digest === null) return open(repository);
      const bytes = await request.body(limits.blobBytes);
      return bytes === undefined ? tooLarge() : keep(request, caller, repository, digest, bytes);
    },

    continue: async (request, caller, repository, id) => {
      const session = sessions.get(id);
      if (session?.repository !== repository) {
        return errorReply(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
      }
      switch (request.method) {
        case "GET":
          return reply(204, sessionHeaders(id, session));
        case "DELETE":
          sessions.delete(id);
          return reply(204);
        case "PATCH":
          return (await append(request, id, session)) ?? reply(202, sessionHeaders(id, session));
        case "PUT": {
          const failed = await append(request, id, session);
          if (failed !== undefined) return failed;
          sessions.delete(id);
          const bytes = Buffer.concat(session.chunks, session.size);
          return keep(request, caller, repository, request.query.get("digest") ?? "", bytes);
        }
        default:
          return errorReply(405, "UNSUPPORTED", "method not allowed");
      }
    },
  };
};
