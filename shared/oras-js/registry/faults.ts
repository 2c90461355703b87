import type { RegistryRequest, Reply } from "./reply.ts";
import { sleep } from "./sleep.ts";

/** What goes wrong with one request. */
export interface Fault {
  /** Waits before anything else; an abandoned connection does not end the wait. */
  readonly delayMs?: number;
  /** Answers in the registry's place, which never sees the request. */
  readonly reply?: {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body?: string | Uint8Array;
  };
  /** Changes the registry's own answer, for instance its bytes. */
  readonly alter?: (reply: Reply) => Reply;
  /** Breaks the connection: before the work is done, or after it but before the answer. */
  readonly hangUp?: "before" | "after";
}

/** Asked for each request; `undefined` lets it pass. */
export type Faults = (request: { readonly method: string; readonly path: string }) => Fault | undefined;

export type Answer = (request: RegistryRequest) => Promise<Reply | "hang-up">;

/** Wraps a registry so that chosen requests fail; the registry's own code knows nothing of it. */
export const withFaults =
  (answer: Answer, faults: Faults): Answer =>
  async (request) => {
    const fault = faults({ method: request.method, path: request.path });
    if (fault === undefined) return answer(request);
    if (fault.delayMs !== undefined) await sleep(fault.delayMs);
    if (fault.hangUp === "before") return "hang-up";
    if (fault.reply !== undefined) {
      const { status, headers = {}, body } = fault.reply;
      return { status, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) };
    }
    const own = await answer(request);
    if (fault.hangUp === "after" || own === "hang-up") return "hang-up";
    return fault.alter?.(own) ?? own;
  };
