export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A request as the registry sees it, whatever brought it. Header names in lower case. */
export interface RegistryRequest {
  readonly method: string;
  /** Decoded path, without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress: string;
  /** Base for absolute addresses in challenges and events: scheme and host the client used. */
  readonly origin: string;
  /** Reads the body; `undefined` when it is larger than the cap. */
  body(maxBytes: number): Promise<Uint8Array | undefined>;
}

export const reply = (status: number, headers: Record<string, string> = {}, body?: Uint8Array): Reply => ({
  status,
  headers,
  ...(body === undefined ? {} : { body }),
});

export const jsonReply = (
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
  contentType = "application/json",
): Reply => reply(status, { "content-type": contentType, ...headers }, Buffer.from(JSON.stringify(value)));

/** An error in the distribution-spec's shape. */
export const errorReply = (
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Reply => jsonReply(status, { errors: [{ code, message }] }, headers);
