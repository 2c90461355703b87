import { randomUUID, timingSafeEqual } from "node:crypto";
import { createBoundedMap } from "../authn/bounded-map.ts";
import { sha256 } from "../digest.ts";
import type { Caller } from "./context.ts";
import { errorReply, jsonReply, type RegistryRequest, type Reply } from "./reply.ts";

export interface BasicAuth {
  readonly kind: "basic";
  /** Passwords by user name. Every user may do everything. */
  readonly users: Readonly<Record<string, string>>;
  readonly anonymousPull?: boolean;
}

export interface TokenAuth {
  readonly kind: "token";
  readonly users: Readonly<Record<string, string>>;
  /** User names by identity (refresh) token. */
  readonly identityTokens?: Readonly<Record<string, string>>;
  readonly anonymousPull?: boolean;
  readonly service?: string;
  readonly tokenLifeS?: number;
  /** Where tokens are to be had, when not at this registry's own `/token`. */
  readonly realm?: string;
}

export type RegistryAuth = BasicAuth | TokenAuth;

type Action = "pull" | "push" | "delete";

export interface Need {
  readonly repository: string;
  readonly actions: readonly Action[];
}

interface Grant {
  readonly user: string | undefined;
  readonly scopes: readonly { readonly repository: string; readonly actions: readonly string[] }[];
  readonly untilMs: number;
}

export interface RegistryAuthority {
  /** The caller, or the refusal to send. Without a need (`/v2/`) any valid caller passes. */
  authenticate(request: RegistryRequest, need: Need | undefined): Caller | Reply;
  /** The token end point; `undefined` where there is none. */
  issueToken(request: RegistryRequest): Promise<Reply> | undefined;
}

const MAX_TOKENS = 10_000;
const FORM_BYTES = 65_536;
const ALL: readonly Action[] = ["pull", "push", "delete"];

const sameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(Buffer.from(sha256(Buffer.from(given))), Buffer.from(sha256(Buffer.from(expected))));

const ownValue = (table: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

const checkPassword = (
  users: Readonly<Record<string, string>>,
  name: string,
  password: string,
): string | undefined => {
  const expected = ownValue(users, name);
  return expected !== undefined && sameSecret(password, expected) ? name : undefined;
};

/** The user of a Basic header: `undefined` for none or a wrong one. */
const basicUser = (
  users: Readonly<Record<string, string>>,
  header: string | undefined,
): string | undefined => {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : checkPassword(users, text.slice(0, colon), text.slice(colon + 1));
};

const refuse = (challenge: string): Reply =>
  errorReply(401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });

const OPEN: RegistryAuthority = {
  authenticate: () => ({ user: undefined, may: () => true }),
  issueToken: () => undefined,
};

const createBasic = ({ users, anonymousPull = false }: BasicAuth): RegistryAuthority => ({
  authenticate: ({ headers }, need) => {
    const header = headers.authorization;
    const user = basicUser(users, header);
    if (user !== undefined) return { user, may: () => true };
    const pulls = need === undefined || need.actions.every((action) => action === "pull");
    if (header === undefined && anonymousPull && pulls)
      return { user: undefined, may: (_, action) => action === "pull" };
    return refuse('Basic realm="oras-js registry"');
  },
  issueToken: () => undefined,
});

const createTokens = (auth: TokenAuth, nowMs: () => number): RegistryAuthority => {
  const { users, identityTokens = {}, anonymousPull = false, service = "oras-js", tokenLifeS = 300 } = auth;
  const grants = createBoundedMap<Grant>(MAX_TOKENS);

  const toCaller = ({ user, scopes }: Grant): Caller => ({
    user,
    may: (repository, action) =>
      scopes.some((scope) => scope.repository === repository && scope.actions.includes(action)),
  });

  const challenge = ({ origin }: RegistryRequest, need: Need | undefined, error?: string): string => {
    const scope =
      need === undefined ? "" : `,scope="repository:${need.repository}:${need.actions.join(",")}"`;
    const realm = auth.realm ?? `${origin}/token`;
    return `Bearer realm="${realm}",service="${service}"${scope}${error === undefined ? "" : `,error="${error}"`}`;
  };

  const issue = (user: string | undefined, scopes: readonly string[]): Reply => {
    const allowed = user === undefined ? (anonymousPull ? ["pull"] : []) : ALL;
    const granted = scopes.slice(0, 16).flatMap((scope) => {
      const match = /^repository:([^:]+):([a-z,*]+)$/.exec(scope);
      const actions =
        match?.[2]?.split(",").filter((action) => allowed.some((each) => each === action)) ?? [];
      return match?.[1] === undefined ? [] : [{ repository: match[1], actions }];
    });
    const token = randomUUID();
    grants.set(token, { user, scopes: granted, untilMs: nowMs() + tokenLifeS * 1000 });
    return jsonReply(200, { token, access_token: token, expires_in: tokenLifeS });
  };

  const byForm = async (request: RegistryRequest): Promise<Reply> => {
    const body = await request.body(FORM_BYTES);
    if (body === undefined) return errorReply(413, "SIZE_INVALID", "form too large");
    const form = new URLSearchParams(Buffer.from(body).toString("utf8"));
    const user =
      form.get("grant_type") === "refresh_token"
        ? ownValue(identityTokens, form.get("refresh_token") ?? "")
        : checkPassword(users, form.get("username") ?? "", form.get("password") ?? "");
    if (user === undefined) return errorReply(401, "UNAUTHORIZED", "credentials refused");
    return issue(user, (form.get("scope") ?? "").split(" "));
  };

  return {
    authenticate: (request, need) => {
      const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (token === undefined) return refuse(challenge(request, need));
      const grant = grants.get(token);
      if (grant === undefined || grant.untilMs <= nowMs())
        return refuse(challenge(request, need, "invalid_token"));
      const caller = toCaller(grant);
      const allowed =
        need === undefined || need.actions.every((action) => caller.may(need.repository, action));
      return allowed ? caller : refuse(challenge(request, need, "insufficient_scope"));
    },
    issueToken: async (request) => {
      if (request.method === "POST") return byForm(request);
      const header = request.headers.authorization;
      const user = basicUser(users, header);
      if (header !== undefined && user === undefined)
        return errorReply(401, "UNAUTHORIZED", "credentials refused");
      return issue(
        user,
        request.query.getAll("scope").flatMap((scope) => scope.split(" ")),
      );
    },
  };
};

export const createAuthority = (auth: RegistryAuth | undefined, nowMs: () => number): RegistryAuthority => {
  if (auth === undefined) return OPEN;
  return auth.kind === "basic" ? createBasic(auth) : createTokens(auth, nowMs);
};
