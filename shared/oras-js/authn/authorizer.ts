import { OrasError } from "../errors.ts";
import { createBoundedMap } from "./bounded-map.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type Credentials, type CredentialsSource, toBasicHeader } from "./credentials.ts";
import { type AllowRealm, checkRealm } from "./realm-policy.ts";
import { type Actions, mergeScopes, toScope } from "./scope.ts";
import type { RequestToken } from "./token-request.ts";

/** What a request needs to be allowed to do, and where. */
export interface Access {
  /** Scheme and host of the registry's API. */
  readonly origin: URL;
  readonly registry: string;
  readonly repository: string;
  readonly actions: Actions;
}

export interface Authorizer {
  /** The header known to be wanted for this access, before the registry asks; `undefined` on the first visit. */
  header(access: Access): Promise<string | undefined>;
  /** After a 401: a header worth one more try, or `undefined`. `refused` is what was sent. */
  renew(access: Access, challenge: string | null, refused: string | undefined): Promise<string | undefined>;
}

export interface AuthorizerOptions {
  readonly credentials: CredentialsSource;
  readonly requestToken: RequestToken;
  readonly nowMs: () => number;
  readonly allowRealm: AllowRealm | undefined;
}

type Way =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service?: string };

interface CachedToken {
  readonly header: string;
  readonly untilMs: number;
}

const MAX_ENTRIES = 1_000;
const USED_SHARE_OF_LIFE = 0.8;

const toWay = ({ scheme, parameters }: Challenge): Way | undefined => {
  if (scheme === "basic") return { kind: "basic" };
  const realm = parameters.get("realm");
  if (scheme !== "bearer" || realm === undefined) return undefined;
  const service = parameters.get("service");
  return { kind: "bearer", realm, ...(service === undefined ? {} : { service }) };
};

export const createAuthorizer = ({
  credentials,
  requestToken,
  nowMs,
  allowRealm,
}: AuthorizerOptions): Authorizer => {
  const ways = createBoundedMap<Way>(MAX_ENTRIES);
  const tokens = createBoundedMap<CachedToken>(MAX_ENTRIES);
  const flights = new Map<string, Promise<CachedToken>>();

  const lookUp = async ({ registry, repository }: Access): Promise<Credentials | undefined> => {
    try {
      return await credentials(registry, repository);
    } catch (cause) {
      if (cause instanceof OrasError) throw cause;
      throw new OrasError(`credentials for ${registry} could not be read`, {
        code: "CREDENTIALS_FAILED",
        cause,
      });
    }
  };

  const keyOf = (
    { origin, repository, actions }: Access,
    { realm, service = "" }: Way & { kind: "bearer" },
  ) => JSON.stringify([origin.origin, realm, service, toScope(repository, actions)]);

  // Callers that need the same token at the same time share one request.
  const requestOnce = (key: string, question: Parameters<RequestToken>[0]): Promise<CachedToken> => {
    const running = flights.get(key);
    if (running !== undefined) return running;
    const askedAtMs = nowMs();
    const flight = requestToken(question)
      .then(({ token, lifeMs }) => {
        const cached = { header: `Bearer ${token}`, untilMs: askedAtMs + lifeMs * USED_SHARE_OF_LIFE };
        tokens.set(key, cached);
        return cached;
      })
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };

  const bearerHeader = async (
    access: Access,
    way: Way & { kind: "bearer" },
    scope: string | undefined,
    refused: string | undefined,
  ): Promise<string> => {
    const key = keyOf(access, way);
    const cached = tokens.get(key);
    if (cached !== undefined && cached.header !== refused && nowMs() < cached.untilMs) return cached.header;
    tokens.delete(key);
    const found = await lookUp(access);
    if (found !== undefined && "bearer" in found) return `Bearer ${found.bearer}`;
    const { realm, service } = way;
    const url = checkRealm({
      realm,
      registry: access.origin,
      hasCredentials: found !== undefined,
      allowRealm,
    });
    const scopes = mergeScopes(toScope(access.repository, access.actions), scope);
    return (await requestOnce(key, { realm: url, service, scopes, credentials: found })).header;
  };

  const basicHeader = async (access: Access): Promise<string | undefined> => {
    const found = await lookUp(access);
    return found !== undefined && "username" in found
      ? toBasicHeader(found.username, found.password)
      : undefined;
  };

  const headerBy = (
    access: Access,
    way: Way,
    scope?: string,
    refused?: string,
  ): Promise<string | undefined> =>
    way.kind === "basic" ? basicHeader(access) : bearerHeader(access, way, scope, refused);

  return {
    header: async (access) => {
      const way = ways.get(access.origin.origin);
      return way === undefined ? undefined : headerBy(access, way);
    },
    renew: async (access, challengeHeader, refused) => {
      const challenges = parseChallenges(challengeHeader);
      // Bearer first: it keeps the password away from the registry where there is a choice.
      const challenge =
        challenges.find((each) => each.scheme === "bearer" && toWay(each) !== undefined) ??
        challenges.find(({ scheme }) => scheme === "basic");
      const asked = challenge === undefined ? undefined : toWay(challenge);
      // A 401 without a challenge after a token was accepted before: it may only have expired (zot does so).
      const way = asked ?? (refused === undefined ? undefined : ways.get(access.origin.origin));
      if (way === undefined) return undefined;
      if (asked !== undefined) ways.set(access.origin.origin, asked);
      const header = await headerBy(access, way, challenge?.parameters.get("scope"), refused);
      return header === refused ? undefined : header;
    },
  };
};
