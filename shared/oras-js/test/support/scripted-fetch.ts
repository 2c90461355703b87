export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: Request["redirect"];
}

type Script = (request: SeenRequest, index: number) => Response | Promise<Response>;

/** A `fetch` that answers from a script and remembers what it was asked. */
export const createScriptedFetch = (script: Script) => {
  const seen: SeenRequest[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = await request.text();
    const entry = {
      method: request.method,
      url: new URL(request.url),
      headers: request.headers,
      body,
      redirect: request.redirect,
    };
    seen.push(entry);
    return script(entry, seen.length - 1);
  };
  return { fetch, seen };
};

/** What was asked, in short: method and path below the usual repository. */
export const toPaths = (seen: readonly SeenRequest[]): readonly string[] =>
  seen.map(({ method, url }) => `${method} ${url.pathname.replace("/v2/acme/app", "")}`);

export const respond = (
  status: number,
  body: string | Uint8Array | null = null,
  headers: Record<string, string> = {},
): Response => new Response(body === null ? null : Buffer.from(body), { status, headers });

export const respondJson = (status: number, value: unknown, headers: Record<string, string> = {}): Response =>
  respond(status, JSON.stringify(value), { "content-type": "application/json", ...headers });
