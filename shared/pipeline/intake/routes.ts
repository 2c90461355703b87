import { PipelineError } from "../../errors.ts";
import type { IncomingRequest } from "../../ports.ts";
import type { Answer } from "../../push/source.ts";
import type { Log } from "../deps.ts";
import { say } from "./answer.ts";
import type { Intake } from "./intake.ts";

/** One path of ours that is not an event source's. */
export interface Route {
  readonly path: string;
  readonly method: "GET" | "POST";
  /** Throws a PipelineError for what the caller may try again; what was refused is an answer. */
  answer(request: IncomingRequest): Promise<Answer>;
}

const takes = ({ method }: Route, requested: string): boolean =>
  requested === method || (method === "GET" && requested === "HEAD");

/** Routes by exact path; everything else goes to `otherwise`. What fails unforeseen is a 503: the caller tries again. */
export const withRoutes = (routes: readonly Route[], otherwise: Intake, log: Log): Intake => {
  const byPath = new Map(routes.map((route) => [route.path, route]));
  return async (request) => {
    const route = byPath.get(request.path);
    if (route === undefined) return otherwise(request);
    if (!takes(route, request.method)) return say(405, `use ${route.method}`, { allow: route.method });
    try {
      return await route.answer(request);
    } catch (error) {
      const reason = error instanceof PipelineError ? error.code : "INTERNAL";
      const message = error instanceof Error ? error.message : "";
      log("request-failed", { path: route.path, reason, message });
      return say(503, `not done (${reason}): try again`, { "retry-after": "5" });
    }
  };
};
