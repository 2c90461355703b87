import { request as requestHttp } from "node:http";
import { type RequestOptions, request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { PipelineError } from "../../errors.ts";

export type ClusterAccess =
  | { readonly kind: "kubeconfig"; readonly path: string; readonly context?: string }
  | { readonly kind: "in-cluster" };

export interface ApiAnswer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** GETs of a cluster's API server, each capped and timed. Throws `CLUSTER_UNAVAILABLE`, `CONFIG_INVALID`. */
export interface KubernetesApi {
  get(path: string, signal: AbortSignal): Promise<ApiAnswer>;
}

export interface KubernetesApiLimits {
  readonly maxResponseBytes: number;
  readonly timeoutMs: number;
}

const LIMITS: KubernetesApiLimits = { maxResponseBytes: 16 * 1024 * 1024, timeoutMs: 30_000 };

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : "unknown");

const loadConfig = (access: ClusterAccess): { config: KubeConfig; server: URL } => {
  const config = new KubeConfig();
  try {
    if (access.kind === "in-cluster") config.loadFromCluster();
    else {
      config.loadFromFile(access.path);
      if (access.context !== undefined) config.setCurrentContext(access.context);
    }
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error("the context names no cluster");
    return { config, server: new URL(cluster.server) };
  } catch (cause) {
    const place = access.kind === "in-cluster" ? "the service account" : access.path;
    throw new PipelineError(`no access to a cluster by ${place}: ${reasonOf(cause)}`, {
      code: "CONFIG_INVALID",
      cause,
    });
  }
};

class TooLarge extends Error {
  override readonly name = "TooLarge";
}

const send = (url: URL, options: RequestOptions, maxBytes: number): Promise<ApiAnswer> =>
  new Promise((resolve, reject) => {
    const request = (url.protocol === "http:" ? requestHttp : requestHttps)(url, options, (response) => {
      let received = 0;
      response.on("data", (chunk: Uint8Array) => {
        received += chunk.byteLength;
        if (received > maxBytes) response.destroy(new TooLarge(`an answer above ${maxBytes} bytes`));
      });
      buffer(response).then((bytes) => resolve({ status: response.statusCode ?? 0, bytes }), reject);
    });
    request.on("error", reject);
    request.end();
  });

/** Tokens and certificates are asked for anew with each request: they rotate. */
export const createKubernetesApi = (access: ClusterAccess, limits = LIMITS): KubernetesApi => {
  const { config, server } = loadConfig(access);
  return {
    async get(path, signal) {
      // Some clusters are served below a path, as behind Rancher.
      const url = new URL(`${server.pathname.replace(/\/$/, "")}${path}`, server);
      const within = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]);
      try {
        const options: RequestOptions = {};
        await config.applyToHTTPSOptions(options);
        const headers = { ...options.headers, accept: "application/json" };
        return await send(url, { ...options, headers, signal: within }, limits.maxResponseBytes);
      } catch (cause) {
        throw new PipelineError(`the cluster's API does not answer ${path}: ${reasonOf(cause)}`, {
          code: "CLUSTER_UNAVAILABLE",
          cause,
        });
      }
    },
  };
};
