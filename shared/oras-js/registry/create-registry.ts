import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createAuthority, type Need, type RegistryAuth } from "./auth.ts";
import { handleBlob } from "./blobs.ts";
import type { Caller, RegistryContext, RegistryLimits } from "./context.ts";
import { type Faults, withFaults } from "./faults.ts";
import { toFetch, toNodeHandler } from "./http.ts";
import { handleCatalog, handleReferrers, handleTags } from "./lists.ts";
import { handleManifest } from "./manifests.ts";
import { createNotifier, type NotificationOptions } from "./notifier.ts";
import { errorReply, jsonReply, type RegistryRequest, type Reply } from "./reply.ts";
import { parseRoute, type Route } from "./route.ts";
import { createStore } from "./store.ts";
import { createUploads, type Uploads } from "./uploads.ts";

export interface RegistryOptions {
  readonly notifications?: NotificationOptions;
  readonly auth?: RegistryAuth;
  /** False: no referrers API, so that clients use fallback tags. Default true. */
  readonly referrers?: boolean;
  readonly pageSize?: number;
  /** False: manifests may name blobs and manifests that were never pushed. Default true. */
  readonly checkReferences?: boolean;
  readonly limits?: Partial<RegistryLimits>;
  readonly faults?: Faults;
  readonly nowMs?: () => number;
}

export interface Registry {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** The same registry without a socket; any host name reaches it. */
  readonly fetch: typeof globalThis.fetch;
  /** Serves on 127.0.0.1; answers `127.0.0.1:<port>`, as references name it. */
  listen(port?: number): Promise<string>;
  /** Settles when every notification was delivered or given up. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const MIB = 1_048_576;
const DEFAULT_LIMITS: RegistryLimits = {
  manifestBytes: 4 * MIB,
  blobBytes: 256 * MIB,
  storeBytes: 1_024 * MIB,
  uploads: 1_000,
};
const DEFAULT_PAGE_SIZE = 1_000;

const needOf = (route: Route, method: string): Need | undefined => {
  if (!("repository" in route)) return undefined;
  if (method === "GET" || method === "HEAD") return { repository: route.repository, actions: ["pull"] };
  const cancels = method === "DELETE" && route.kind !== "upload";
  return { repository: route.repository, actions: cancels ? ["delete"] : ["pull", "push"] };
};

const dispatch = (
  context: RegistryContext,
  uploads: Uploads,
  request: RegistryRequest,
  caller: Caller,
  route: Route,
): Reply | Promise<Reply> => {
  switch (route.kind) {
    case "base":
      return jsonReply(200, {});
    case "catalog":
      return handleCatalog(context, request);
    case "tags":
      return handleTags(context, request, route.repository);
    case "manifest":
      return handleManifest(context, request, caller, route);
    case "blob":
      return handleBlob(context, request, caller, route);
    case "uploads":
      return uploads.start(request, caller, route.repository);
    case "upload":
      return uploads.continue(request, caller, route.repository, route.id);
    case "referrers":
      return handleReferrers(context, request, route);
    case "bad-name":
      return errorReply(400, "NAME_INVALID", "invalid repository name");
    case "token":
    case "unknown":
      return errorReply(404, "NOT_FOUND", "no such end point");
  }
};

/** An OCI 1.1 registry in memory, for tests and demonstrations. Nothing outlives it. */
export const createRegistry = (options: RegistryOptions = {}): Registry => {
  const {
    referrers = true,
    checkReferences = true,
    pageSize = DEFAULT_PAGE_SIZE,
    nowMs = Date.now,
  } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const notifier = createNotifier(options.notifications ?? { endpoints: [] }, nowMs);
  const store = createStore(limits.storeBytes);
  const context = { store, emit: notifier.emit, limits, referrers, checkReferences, pageSize };
  const uploads = createUploads(context);
  const authority = createAuthority(options.auth, nowMs);

  const answerPlainly = async (request: RegistryRequest): Promise<Reply> => {
    const route = parseRoute(request.path);
    const issued = route.kind === "token" ? authority.issueToken(request) : undefined;
    if (issued !== undefined) return issued;
    const caller = authority.authenticate(request, needOf(route, request.method));
    return "status" in caller ? caller : dispatch(context, uploads, request, caller, route);
  };
  const answer = options.faults === undefined ? answerPlainly : withFaults(answerPlainly, options.faults);

  const handler = toNodeHandler(answer);
  const server = createServer(handler);
  return {
    handler,
    fetch: toFetch(answer),
    listen: (port = 0) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => {
          const address = server.address();
          resolve(`127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`);
        });
      }),
    idle: notifier.idle,
    close: () =>
      new Promise((resolve) => {
        notifier.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
