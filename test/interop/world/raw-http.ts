import { request } from "node:http";

export interface RawRequest {
  readonly method?: string;
  /** As it shall stand on the request line. */
  readonly target: string;
  /** In order, repeated ones too; `Host` and `Content-Length` are added. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}

const TIMEOUT_MS = 60_000;

/** Sends exactly what it is told (`fetch` would tidy up targets and headers) and answers with the status. */
export const sendRaw = (
  base: string,
  { method = "POST", target, headers = [], body = "" }: RawRequest,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(base);
    const all = ["Host", host, "Content-Length", `${Buffer.byteLength(body)}`, ...headers.flat()];
    const outgoing = request(
      { hostname, port, path: target, method, headers: all, timeout: TIMEOUT_MS },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
