import { OrasError } from "../errors.ts";
import { tryParseObject } from "../json.ts";
import { readBody } from "../transport/body.ts";
import { callFetch } from "../transport/call-fetch.ts";
import { withDeadline } from "../transport/deadline.ts";
import { redactUrl } from "../transport/redact.ts";
import { isRedirect } from "../transport/redirect.ts";
import { toResponseError } from "../transport/response-error.ts";
import { type Credentials, toBasicHeader } from "./credentials.ts";

export interface TokenQuestion {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credentials: Exclude<Credentials, { bearer: string }> | undefined;
}

export interface AccessToken {
  readonly token: string;
  readonly lifeMs: number;
}

export type RequestToken = (question: TokenQuestion) => Promise<AccessToken>;

export interface TokenRequestOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly nowMs: () => number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly userAgent: string;
}

const CLIENT_ID = "oras-js";
const DEFAULT_LIFE_S = 60;
const LONGEST_LIFE_S = 24 * 60 * 60;
// What may stand in a header without changing its meaning.
const TOKEN = /^[\x21-\x7e]{1,16384}$/;

/** Reads a token answer: `token` or `access_token`, with its life (60 s where none is given). */
export const parseTokenAnswer = (what: string, bytes: Uint8Array): AccessToken => {
  const refuse = (why: string): OrasError => new OrasError(`${what}: ${why}`, { code: "RESPONSE_MALFORMED" });
  // Without the parser's own message: it quotes the text, which is a secret here.
  const parsed = tryParseObject(bytes);
  if (parsed === undefined) throw refuse("the answer is not a JSON object");
  const token = [parsed.token, parsed.access_token].find((each) => typeof each === "string" && each !== "");
  if (typeof token !== "string" || !TOKEN.test(token)) throw refuse("the answer holds no usable token");
  const life = parsed.expires_in;
  const lifeS = typeof life === "number" && life > 0 ? Math.min(life, LONGEST_LIFE_S) : DEFAULT_LIFE_S;
  return { token, lifeMs: lifeS * 1000 };
};

interface Prepared {
  readonly url: URL;
  readonly init: RequestInit;
}

const toGet = ({ realm, service, scopes, credentials }: TokenQuestion): Prepared => {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const basic =
    credentials !== undefined && "username" in credentials
      ? { authorization: toBasicHeader(credentials.username, credentials.password) }
      : {};
  return { url, init: { method: "GET", headers: basic } };
};

const toPost = ({ realm, service, scopes, credentials }: TokenQuestion): Prepared => {
  const form = new URLSearchParams({ client_id: CLIENT_ID });
  if (service !== undefined) form.set("service", service);
  form.set("scope", scopes.join(" "));
  if (credentials !== undefined && "identityToken" in credentials) {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credentials.identityToken);
  } else if (credentials !== undefined) {
    form.set("grant_type", "password");
    form.set("username", credentials.username);
    form.set("password", credentials.password);
  }
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { url: realm, init: { method: "POST", headers, body: form.toString() } };
};

/**
 * Asks a token end point: `GET` for anonymous and password credentials, `POST` for an identity token or where
 * `GET` is not offered. Redirects are not followed: the realm was checked, the next address was not.
 */
export const createTokenRequest = ({
  fetch,
  nowMs,
  timeoutMs,
  maxBytes,
  userAgent,
}: TokenRequestOptions): RequestToken => {
  const ask = (what: string, { url, init }: Prepared): Promise<AccessToken | "not-offered"> =>
    withDeadline(what, timeoutMs, undefined, async (signal) => {
      const headers = { ...init.headers, accept: "application/json", "user-agent": userAgent };
      const response = await callFetch(fetch, what, url, { ...init, headers, signal });
      if (response.status === 200) {
        const bytes = await readBody(response, { what, maxBytes });
        return parseTokenAnswer(what, bytes);
      }
      const error = await toResponseError(what, response, nowMs());
      if (isRedirect(response.status))
        throw new OrasError(`${what}: it redirects`, { code: "REALM_REFUSED" });
      if (response.status === 404 || response.status === 405) return "not-offered";
      throw error;
    });

  return async (question) => {
    const what = `token from ${redactUrl(question.realm)}`;
    const { credentials } = question;
    const postOnly = credentials !== undefined && "identityToken" in credentials;
    const first = postOnly ? "not-offered" : await ask(what, toGet(question));
    if (first !== "not-offered") return first;
    const second = credentials === undefined ? first : await ask(what, toPost(question));
    if (second !== "not-offered") return second;
    throw new OrasError(`${what}: the end point is not there`, { code: "UNAUTHORIZED", status: 404 });
  };
};
