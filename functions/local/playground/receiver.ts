/*
 * A double of Flux's notification-controller, for the playground and for tests that run without a cluster. It is
 * not Flux: it makes the checks of `receiver-checks.ts` and remembers what it would have annotated.
 *
 *   const double = await startReceiverDouble();
 *   const path = double.register({ namespace: "apps", name: "sluice", type: "generic-hmac", token: "s3cret",
 *                                  resources: ["OCIRepository/apps/app"], filter: "objects" });
 *   POST `${double.url}${path}`;  double.accepted  →  [{ receiver: "apps/sluice", annotated: [...], body, … }]
 *   await double.close();
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  judgeRequest,
  type Outcome,
  type ReceivedRequest,
  type ReceiverState,
  type ReceiverType,
  toReceiverPath,
} from "./receiver-checks.ts";
import { firstHeaders, readBody, route } from "./receiver-http.ts";

const MAX_HEADER_BYTES = 256 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const BODY_TIMEOUT_MS = 30_000;

export interface ReceiverDefinition {
  readonly namespace: string;
  readonly name: string;
  readonly type: ReceiverType;
  /** The Secret's `token`; a trailing newline counts. Not for generic-oidc. */
  readonly token?: string;
  readonly condition?: ReceiverState["condition"];
  readonly resources?: readonly string[];
  readonly absent?: readonly string[];
  readonly filter?: ReceiverState["filter"];
  readonly isTokenValid?: ReceiverState["isTokenValid"];
}

export interface RecordedRequest extends ReceivedRequest, Outcome {
  /** Counts all requests from 1, in the order in which they were answered. */
  readonly sequence: number;
}

/** Answers instead of the checks: for circuits, back-off and dead letters. */
export interface Fault {
  readonly status: number;
  readonly retryAfter?: string;
}

export interface ReceiverDoubleOptions {
  readonly onAnnotated?: (resources: readonly string[]) => void;
  readonly fault?: (request: ReceivedRequest) => Fault | undefined;
  /** How long an incomplete body is waited for before the answer 400. */
  readonly bodyTimeoutMs?: number;
}

export interface ReceiverDouble {
  readonly url: string;
  /** Every answered request, and those answered with 200. */
  readonly requests: readonly RecordedRequest[];
  readonly accepted: readonly RecordedRequest[];
  /** Adds a Receiver or replaces the one of that name; answers with its path. */
  register(definition: ReceiverDefinition): string;
  /**
   * Changes the Secret. The controller sees it at once where it is labelled; otherwise the path stays while the
   * new key is already in force. Undefined deletes the Secret.
   */
  changeToken(
    receiver: { readonly namespace: string; readonly name: string },
    token: string | undefined,
    isLabelled: boolean,
  ): string | undefined;
  close(): Promise<void>;
}

const toState = (definition: ReceiverDefinition): ReceiverState => {
  const { namespace, name, type, token = "" } = definition;
  const key = Buffer.from(type === "generic-oidc" ? "" : token, "utf8");
  return {
    namespace,
    name,
    type,
    key,
    path: toReceiverPath(key, name, namespace),
    condition: definition.condition ?? "ready",
    resources: definition.resources ?? [],
    absent: definition.absent ?? [],
    filter: definition.filter ?? "none",
    isTokenValid: definition.isTokenValid ?? (() => false),
  };
};

const withToken = (state: ReceiverState, token: string | undefined, isLabelled: boolean): ReceiverState => {
  const key = token === undefined ? undefined : Buffer.from(token, "utf8");
  if (!isLabelled) return { ...state, key };
  return { ...state, key, path: key && toReceiverPath(key, state.name, state.namespace) };
};

const answer = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body = "",
): void => {
  response.writeHead(status, headers);
  response.end(body);
};

const REFUSED_BODY = { "too-large": 413, stalled: 400 } as const;

/** Listens on a free port of the loopback interface. */
export const startReceiverDouble = async (options: ReceiverDoubleOptions = {}): Promise<ReceiverDouble> => {
  const states = new Map<string, ReceiverState>();
  const requests: RecordedRequest[] = [];
  const { onAnnotated, fault, bodyTimeoutMs = BODY_TIMEOUT_MS } = options;

  const record = (request: ReceivedRequest, outcome: Outcome): void => {
    requests.push({ ...request, ...outcome, sequence: requests.length + 1 });
    if (outcome.annotated.length > 0) onAnnotated?.(outcome.annotated);
  };

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = message.url ?? "";
    const head = { method: message.method ?? "", target, headers: firstHeaders(message) };
    const routed = route(target);
    if (routed !== undefined) {
      record({ ...head, body: new Uint8Array() }, { status: routed.status, annotated: [] });
      if (routed.location === undefined) return answer(response, 404, {}, "404 page not found\n");
      return answer(response, routed.status, { location: routed.location });
    }
    const body = await readBody(message, bodyTimeoutMs);
    if (body === "aborted") return;
    if (typeof body === "string") {
      record({ ...head, body: new Uint8Array() }, { status: REFUSED_BODY[body], annotated: [], log: body });
      // The rest of the body stays unread, so the connection cannot carry another request.
      return answer(response, REFUSED_BODY[body], { connection: "close" });
    }
    const request = { ...head, body };
    const planned = fault?.(request);
    if (planned !== undefined) {
      record(request, { status: planned.status, annotated: [], log: "planned fault" });
      const retryAfter = planned.retryAfter;
      return answer(response, planned.status, retryAfter === undefined ? {} : { "retry-after": retryAfter });
    }
    const outcome = await judgeRequest([...states.values()], request);
    record(request, outcome);
    answer(response, outcome.status, {});
  };

  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (message, response) => {
    handle(message, response).catch(() => response.destroy());
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const idOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
    `${namespace}/${name}`;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get accepted() {
      return requests.filter(({ status }) => status === 200);
    },
    register: (definition) => {
      const state = toState(definition);
      states.set(idOf(state), state);
      return state.path ?? "";
    },
    changeToken: (receiver, token, isLabelled) => {
      const state = states.get(idOf(receiver));
      if (state === undefined) throw new RangeError(`no receiver ${idOf(receiver)}`);
      const changed = withToken(state, token, isLabelled);
      states.set(idOf(receiver), changed);
      return changed.path;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
