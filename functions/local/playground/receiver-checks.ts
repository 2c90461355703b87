import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/*
 * The checks of a Flux Receiver, as a running notification-controller was seen to make them. Written apart from
 * the sender's code on purpose: a mistake made in both places would go unseen.
 */

export type ReceiverType = "generic" | "generic-hmac" | "generic-oidc";

export interface ReceiverState {
  readonly namespace: string;
  readonly name: string;
  readonly type: ReceiverType;
  /** Undefined: the controller serves no path for it. */
  readonly path: string | undefined;
  /** The Secret's `token`, byte for byte. Undefined: the Secret is gone. */
  readonly key: Uint8Array | undefined;
  readonly condition: "ready" | "suspended" | "not-ready";
  /** `Kind/namespace/name`, in order. */
  readonly resources: readonly string[];
  /** Resources that the cluster does not have. */
  readonly absent: readonly string[];
  /** `objects`: the CEL filter that picks the objects which the body lists. */
  readonly filter: "none" | "objects";
  /** `generic-oidc`: does this token pass issuer, audience and validations? */
  readonly isTokenValid: (token: string) => boolean | Promise<boolean>;
}

export interface ReceivedRequest {
  readonly method: string;
  /** As on the request line. */
  readonly target: string;
  /** The first value of each header, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Outcome {
  readonly status: number;
  readonly annotated: readonly string[];
  /** What the controller writes to its log; the sender never sees it. */
  readonly log?: string;
}

/** `/hook/` + hex SHA-256 of token, name and namespace without separators; generic-oidc has no token. */
export const toReceiverPath = (token: Uint8Array, name: string, namespace: string): string =>
  `/hook/${createHash("sha256").update(token).update(name).update(namespace).digest("hex")}`;

const refuse = (status: number, log: string): Outcome => ({ status, annotated: [], log });

const ALGORITHMS: ReadonlySet<string> = new Set(["sha1", "sha256", "sha512"]);
const HEX = /^(?:[0-9a-f]{2})*$/i;

/** Undefined where the signature is right; otherwise the log line of the refusal. */
const checkSignature = (
  header: string | undefined,
  body: Uint8Array,
  key: Uint8Array,
): string | undefined => {
  if (header === undefined || header === "") return "missing signature";
  const separator = header.indexOf("=");
  if (separator === -1) return `error parsing signature "${header}"`;
  const algorithm = header.slice(0, separator);
  const digest = header.slice(separator + 1);
  if (!ALGORITHMS.has(algorithm)) return `unknown hash type prefix: "${algorithm}"`;
  if (!HEX.test(digest)) return `error decoding signature "${header}"`;
  const expected = createHmac(algorithm, key).update(body).digest();
  const given = Buffer.from(digest, "hex");
  const isRight = given.length === expected.length && timingSafeEqual(given, expected);
  return isRight ? undefined : "payload signature check failed";
};

const authenticate = async (
  receiver: ReceiverState,
  request: ReceivedRequest,
): Promise<string | undefined> => {
  switch (receiver.type) {
    case "generic":
      return undefined;
    case "generic-hmac":
      if (receiver.key === undefined) return "unable to read secret";
      return checkSignature(request.headers["x-signature"], request.body, receiver.key);
    case "generic-oidc": {
      const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
      if (token === undefined) return "missing bearer token";
      return (await receiver.isTokenValid(token)) ? undefined : "token validation failed";
    }
  }
};

/** Media types after which the controller parses the body; with any other one the filter sees `{}`. */
const isJson = (contentType: string | undefined): boolean =>
  /^application\/json(?:\s*[;,]|$)/i.test(contentType ?? "");

/** Go's decoder takes the first value and leaves what follows it unread. */
const parseFirstValue = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    const end = /after JSON at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    if (end === undefined) throw error;
    return JSON.parse(text.slice(0, Number(end)));
  }
};

type Filtered = { readonly picks: (resource: string) => boolean } | { readonly log: string };

const evaluateFilter = (receiver: ReceiverState, { headers, body }: ReceivedRequest): Filtered => {
  if (receiver.filter === "none") return { picks: () => true };
  if (!isJson(headers["content-type"])) return { picks: () => false };
  let parsed: unknown;
  try {
    parsed = parseFirstValue(Buffer.from(body).toString("utf8"));
  } catch {
    return { log: "failed to parse request body as JSON" };
  }
  if (parsed === null) return { picks: () => false };
  if (typeof parsed !== "object" || Array.isArray(parsed))
    return { log: "failed to parse request body as JSON" };
  const objects: unknown = "objects" in parsed ? parsed.objects : undefined;
  return { picks: (resource) => Array.isArray(objects) && objects.includes(resource) };
};

/** Reads every resource before the filter sees it: one that is absent makes the answer 500 all the same. */
const annotate = (receiver: ReceiverState, request: ReceivedRequest): Outcome => {
  const filtered = evaluateFilter(receiver, request);
  if ("log" in filtered) return refuse(500, filtered.log);
  const isAbsent = (resource: string): boolean => receiver.absent.includes(resource);
  const annotated = receiver.resources.filter((resource) => !isAbsent(resource) && filtered.picks(resource));
  const missing = receiver.resources.find(isAbsent);
  if (missing === undefined) return { status: 200, annotated };
  return { status: 500, annotated, log: `unable to read "${missing}": not found` };
};

/** What the controller does with a request whose body was read whole. */
export const judgeRequest = async (
  receivers: readonly ReceiverState[],
  request: ReceivedRequest,
): Promise<Outcome> => {
  const receiver = receivers.find(({ path }) => path === request.target);
  if (receiver === undefined) return refuse(404, `handling request: ${request.target}`);
  if (receiver.condition !== "ready") return refuse(503, `receiver is ${receiver.condition}`);
  const refusal = await authenticate(receiver, request);
  return refusal === undefined ? annotate(receiver, request) : refuse(400, refusal);
};
