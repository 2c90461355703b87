import type { EntraTokenSource } from "../../../../shared/adapters/azure/entra-token.ts";
import { Secret } from "../../../../shared/artifact/secret.ts";
import { listen } from "../http-server.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Reply {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
}

/** A service on 127.0.0.1 that keeps what it was asked and answers as told. */
export const serve = async (
  reply: (seen: Seen, count: number) => Reply,
): Promise<{ readonly url: string; readonly seen: readonly Seen[] }> => {
  const seen: Seen[] = [];
  const { port } = await listen((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
      const { method = "", headers } = request;
      seen.push({ method, path: pathname, query: searchParams, headers, body });
      const { status = 200, json, text } = reply(seen.at(-1) as Seen, seen.length);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(text ?? JSON.stringify(json ?? {}));
    });
  });
  return { url: `http://127.0.0.1:${port}`, seen };
};

export const signal = (): AbortSignal => AbortSignal.timeout(5_000);

export const createClock = (nowMs = 1_700_000_000_000) => {
  const clock = {
    at: nowMs,
    nowMs: () => clock.at,
  };
  return clock;
};

/** Entra, as far as who uses its tokens can see. */
export const createTokens = (): { readonly tokens: EntraTokenSource; readonly asked: string[] } => {
  const asked: string[] = [];
  return {
    asked,
    tokens: async (resource) => {
      asked.push(resource);
      return { value: new Secret("entra-token"), expiresAtMs: Number.POSITIVE_INFINITY };
    },
  };
};
