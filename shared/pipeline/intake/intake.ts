import { PipelineError } from "../../errors.ts";
import type { IncomingRequest, Push } from "../../ports.ts";
import { receivePushes } from "../../push/receive.ts";
import type { Answer, PushSource, SourceOptions } from "../../push/source.ts";
import type { Log } from "../deps.ts";
import { type AcceptDeps, acceptPushes } from "./accept.ts";
import { say } from "./answer.ts";

/** One configured event source at one path. */
export interface Endpoint {
  /** The name in sluice.yaml: what decisions say an event came from. */
  readonly name: string;
  readonly path: string;
  readonly source: PushSource;
  /** Read anew for each request, so that a rotated secret counts at once. */
  options(): Promise<SourceOptions>;
  /** Takes so many events from what the source may send; answers for how long to wait where it has none left. */
  admit?(events: number): Promise<number | undefined>;
}

export interface IntakeDeps extends AcceptDeps {
  readonly endpoints: readonly Endpoint[];
  /** Told of pushes once they are durable; must not throw. */
  readonly onAccepted?: (pushes: readonly Push[]) => void;
  readonly log: Log;
}

/** Answers one HTTP request from a registry. A 2xx means: what it announced is durable. */
export type Intake = (request: IncomingRequest) => Promise<Answer>;

/** A sender that can prove nothing may carry its secret as one more path segment. */
const carriesSecret = ({ path }: Endpoint, requested: string): boolean =>
  requested.startsWith(`${path}/`) && !requested.slice(path.length + 1).includes("/");

/** One endpoint's path may be another's with one more segment: the exact one is meant. */
const selectEndpoint = (endpoints: readonly Endpoint[], requested: string): Endpoint | undefined =>
  endpoints.find(({ path }) => path === requested) ??
  endpoints.find((endpoint) => carriesSecret(endpoint, requested));

const countByReason = (pushes: readonly Push[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { kind, reason } of pushes) {
    const key = kind === "ignored" ? `ignored: ${reason ?? "unknown"}` : kind;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
};

/** What cannot be counted is let in: a limit that is out of reach must not cost events. */
const admit = async (
  { log }: IntakeDeps,
  endpoint: Endpoint,
  events: number,
): Promise<number | undefined> => {
  if (endpoint.admit === undefined || events === 0) return undefined;
  try {
    return await endpoint.admit(events);
  } catch (error) {
    log("intake-uncounted", { source: endpoint.name, reason: String(error) });
    return undefined;
  }
};

const receive = async (deps: IntakeDeps, endpoint: Endpoint, request: IncomingRequest): Promise<Answer> => {
  const { name, source } = endpoint;
  const received = await receivePushes(source, request, await endpoint.options());
  const { answer } = received;
  switch (received.kind) {
    case "handshake":
      deps.log("intake-handshake", { source: name });
      return answer;
    case "refused":
      deps.log("intake-refused", { source: name, reason: received.reason });
      return { ...say(answer.status, `refused: ${received.reason}`, answer.headers) };
    case "unreadable":
      deps.log("intake-unreadable", { source: name, reason: received.error.message });
      return { ...say(answer.status, received.error.message, answer.headers) };
    case "pushes": {
      const pushes = received.pushes.map((push) => ({ ...push, source: name }));
      const events = pushes.filter(({ kind }) => kind !== "ignored").length;
      const waitMs = await admit(deps, endpoint, events);
      if (waitMs !== undefined) {
        deps.log("intake-limited", { source: name, events, waitMs });
        const headers = { "retry-after": `${Math.ceil(waitMs / 1_000)}` };
        return say(source.answers.limited, "too many events, not stored (limits.eventsPerMinute)", headers);
      }
      await acceptPushes(deps, pushes, received.trusted);
      deps.onAccepted?.(pushes);
      deps.log("intake-accepted", { source: name, ...countByReason(pushes) });
      return answer;
    }
  }
};

export const createIntake = (deps: IntakeDeps): Intake => {
  return async (request) => {
    const endpoint = selectEndpoint(deps.endpoints, request.path);
    if (endpoint === undefined)
      return say(404, "no event source has this path; see `sources` in sluice.yaml");
    try {
      return await receive(deps, endpoint, request);
    } catch (error) {
      // Not stored, or not decided: the sender must try again.
      const reason = error instanceof PipelineError ? error.code : "INTERNAL";
      deps.log("intake-failed", {
        source: endpoint.name,
        reason,
        message: error instanceof Error ? error.message : "",
      });
      return say(503, `not stored (${reason}): send it again`, { "retry-after": "5" });
    }
  };
};
