import { OrasError } from "../errors.ts";
import { isPrivateHost } from "./private-address.ts";
import { redactUrl } from "./redact.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export const isRedirect = (status: number): boolean => REDIRECTS.has(status);

const refuse = (from: URL, why: string): OrasError =>
  new OrasError(`${redactUrl(from)}: redirect refused: ${why}`, { code: "REDIRECT_REFUSED" });

/**
 * Where a `Location` leads, if we may go there. A registry, or who speaks in its name, could otherwise send us
 * to a metadata service or to plain HTTP.
 */
export const checkLocation = (location: string | null, from: URL, registry: URL): URL => {
  if (location === null || !URL.canParse(location, from.href)) throw refuse(from, "no readable Location");
  const to = new URL(location, from);
  if (to.protocol !== "https:" && to.protocol !== "http:")
    throw refuse(from, `scheme ${to.protocol} is not http(s)`);
  if (from.protocol === "https:" && to.protocol === "http:") throw refuse(from, "it leaves https");
  if (to.username !== "" || to.password !== "") throw refuse(from, "it carries credentials");
  if (isPrivateHost(to.hostname) && !isPrivateHost(registry.hostname)) {
    throw refuse(from, `${to.hostname} is a private address and the registry is not on one`);
  }
  to.hash = "";
  return to;
};
