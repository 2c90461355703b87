import { Secret } from "../artifact/secret.ts";
import { PipelineError } from "../errors.ts";
import { type EncodedEvent, type EventContext, toBinaryEvent, toStructuredEvent } from "./cloud-event.ts";
import { hookPath } from "./hook-path.ts";
import { parseBaseUrl, parseEndpointUrl } from "./request-url.ts";
import { bearerHeader, type Headers, signFluxHmac, signStandardWebhook } from "./sign.ts";
import type { DeliveryTarget, EndpointTarget, FluxAuthentication, FluxTarget } from "./target.ts";

/** One HTTP request, ready to go. The headers hold signatures and tokens: never to be logged. */
export interface PreparedRequest {
  readonly kind: DeliveryTarget["kind"];
  readonly url: Secret;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

interface Delivery extends EventContext {
  readonly body: Uint8Array;
}

const COMMON: Headers = {
  "content-type": "application/json",
  "user-agent": "sluice",
  "accept-encoding": "identity",
};

const standardHeaders = (
  id: string,
  body: Uint8Array,
  keys: readonly Secret[],
  attemptAtMs: number,
): Headers => (keys.length === 0 ? {} : signStandardWebhook({ id, attemptAtMs, body }, keys));

type TokenPair = { readonly path: Secret | undefined; readonly headers: (body: Uint8Array) => Headers };

/**
 * Ways to reach the Receiver, the current token first. While the cluster's Secret is being rotated the path and
 * the key may change at different times: a Secret without Flux's watch label keeps the old path with the new key.
 */
const tokenPairs = (authentication: FluxAuthentication, bearer: Secret | undefined): readonly TokenPair[] => {
  switch (authentication.kind) {
    case "generic-oidc": {
      if (bearer === undefined) {
        throw new PipelineError("generic-oidc needs an identity token", { code: "SECRET_UNAVAILABLE" });
      }
      const headers = bearerHeader(bearer);
      return [{ path: undefined, headers: () => headers }];
    }
    case "generic": {
      const tokens = [authentication.token, authentication.previousToken];
      return tokens.filter((token) => token !== undefined).map((path) => ({ path, headers: () => ({}) }));
    }
    case "generic-hmac": {
      const { token, previousToken, algorithm } = authentication;
      const pair = (path: Secret, key: Secret): TokenPair => ({
        path,
        headers: (body) => signFluxHmac(body, key, algorithm),
      });
      if (previousToken === undefined) return [pair(token, token)];
      return [pair(token, token), pair(previousToken, previousToken), pair(previousToken, token)];
    }
  }
};

const toFluxRequests = (
  delivery: Delivery,
  target: FluxTarget,
  bearer: Secret | undefined,
  attemptAtMs: number,
): readonly PreparedRequest[] => {
  const baseUrl = parseBaseUrl(target.baseUrl);
  const { id, body } = delivery;
  const standard = standardHeaders(id, body, target.signingKeys, attemptAtMs);
  return tokenPairs(target.authentication, bearer).map(({ path, headers }) => ({
    kind: "flux",
    url: new Secret(`${baseUrl}${hookPath(path, target.name, target.namespace).reveal()}`),
    headers: { ...COMMON, ...standard, ...headers(body) },
    body,
  }));
};

const encode = (delivery: Delivery, format: EndpointTarget["format"]): EncodedEvent => {
  switch (format) {
    case "json":
      return { headers: {}, body: delivery.body };
    case "cloudevents-binary":
      return toBinaryEvent(delivery, delivery.body);
    case "cloudevents-structured":
      return toStructuredEvent(delivery, delivery.body);
  }
};

const toEndpointRequest = (
  delivery: Delivery,
  target: EndpointTarget,
  bearer: Secret | undefined,
  attemptAtMs: number,
): PreparedRequest => {
  if (target.signingKeys.length === 0 && bearer === undefined) {
    // Whoever finds the address could otherwise pass for us.
    throw new PipelineError("an endpoint needs a signing key or an audience", { code: "CONFIG_INVALID" });
  }
  const { headers, body } = encode(delivery, target.format);
  return {
    kind: "endpoint",
    url: parseEndpointUrl(target.url),
    headers: {
      ...COMMON,
      ...headers,
      // Signed as sent: for structured events that is the whole event.
      ...standardHeaders(delivery.id, body, target.signingKeys, attemptAtMs),
      ...(bearer === undefined ? {} : bearerHeader(bearer)),
    },
    body,
  };
};

/** The requests that may be tried for one attempt, in order. Throws `CONFIG_INVALID` for a target that cannot be. */
export const prepareRequests = (
  delivery: Delivery & { readonly target: DeliveryTarget },
  bearer: Secret | undefined,
  attemptAtMs: number,
): readonly PreparedRequest[] =>
  delivery.target.kind === "flux"
    ? toFluxRequests(delivery, delivery.target, bearer, attemptAtMs)
    : [toEndpointRequest(delivery, delivery.target, bearer, attemptAtMs)];
