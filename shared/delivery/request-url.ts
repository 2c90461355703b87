import { Secret } from "../artifact/secret.ts";
import { PipelineError } from "../errors.ts";

const refuse = (message: string): PipelineError => new PipelineError(message, { code: "CONFIG_INVALID" });

const parseUrl = (text: string, what: string): URL => {
  // Not echoed: the text may hold a token.
  if (!URL.canParse(text)) throw refuse(`${what} is not a URL`);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse(`${what} must begin with https://`);
  if (url.username !== "" || url.password !== "") throw refuse(`${what} must not hold credentials`);
  if (url.hash !== "") throw refuse(`${what} must not have a fragment`);
  return url;
};

/**
 * The address of a cluster's webhook receiver, without a slash at its end. A query is refused: notification-controller
 * compares the whole request target, so every delivery would be a 404.
 */
export const parseBaseUrl = (text: string): string => {
  const url = parseUrl(text, "the receiver's address");
  if (url.search !== "") throw refuse("the receiver's address must not have a query");
  const path = url.pathname.replace(/\/+$/, "");
  if (path.endsWith("/hook")) throw refuse("the receiver's address is given without /hook");
  return `${url.origin}${path}`;
};

/** An endpoint outside Flux: HTTPS alone, because only the body's signature would protect it otherwise. */
export const parseEndpointUrl = (url: Secret): Secret => {
  const parsed = parseUrl(url.reveal().trim(), "the endpoint's address");
  if (parsed.protocol !== "https:") throw refuse("the endpoint's address must begin with https://");
  return new Secret(parsed.href);
};
