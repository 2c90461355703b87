import { OrasError } from "../errors.ts";
import { isPrivateHost } from "../transport/private-address.ts";
import { redactUrl } from "../transport/redact.ts";

/** Allows a token end point that the built-in rule refuses. */
export type AllowRealm = (registry: string, realm: URL) => boolean;

export interface RealmQuestion {
  readonly realm: string;
  readonly registry: URL;
  /** With credentials the realm must belong to the registry; without, it learns only a repository's name. */
  readonly hasCredentials: boolean;
  readonly allowRealm: AllowRealm | undefined;
}

// Parents under which strangers get names of their own. Siblings there are not one organisation.
const SHARED_PARENTS: ReadonlySet<string> = new Set([
  "azurecr.io",
  "azurecr.cn",
  "azurecr.us",
  "azurewebsites.net",
  "azurecontainerapps.io",
  "azurefd.net",
  "cloudapp.azure.com",
  "windows.net",
  "amazonaws.com",
  "amazonaws.com.cn",
  "cloudfront.net",
  "elasticbeanstalk.com",
  "pkg.dev",
  "run.app",
  "appspot.com",
  "cloudfunctions.net",
  "googleapis.com",
  "jfrog.io",
  "github.io",
  "githubusercontent.com",
  "gitlab.io",
  "herokuapp.com",
  "vercel.app",
  "netlify.app",
  "pages.dev",
  "workers.dev",
  "fly.dev",
  "onrender.com",
  "railway.app",
  "ngrok.io",
  "ngrok.app",
  "ngrok-free.app",
  "trycloudflare.com",
  "vultrcr.com",
  "ocir.io",
  "icr.io",
  "scw.cloud",
  "ondigitalocean.app",
  "nip.io",
  "sslip.io",
  "duckdns.org",
  "dyndns.org",
  "no-ip.org",
]);
const SECOND_LEVEL: ReadonlySet<string> = new Set([
  "co",
  "com",
  "net",
  "org",
  "gov",
  "edu",
  "ac",
  "or",
  "ne",
  "go",
  "gob",
  "gouv",
  "mil",
  "sch",
  "id",
  "in",
]);

// Without a public suffix list this errs towards "shared"; `allowRealm` opens what it wrongly keeps shut.
const isShared = (parent: string): boolean => {
  const labels = parent.split(".");
  if (labels.length < 2) return true;
  const [second = "", top = ""] = labels.slice(-2);
  if (labels.length === 2 && top.length === 2 && SECOND_LEVEL.has(second)) return true;
  for (let at = 0; at < labels.length; at += 1)
    if (SHARED_PARENTS.has(labels.slice(at).join("."))) return true;
  return false;
};

const isName = (hostname: string): boolean => !hostname.startsWith("[") && !/^[0-9.]+$/.test(hostname);
const parentOf = (hostname: string): string => hostname.slice(hostname.indexOf(".") + 1);
const isBelow = (name: string, ancestor: string): boolean =>
  ancestor.includes(".") && name.endsWith(`.${ancestor}`);

/** Same host, one above or below the other, or siblings under a parent that one organisation owns. */
export const belongsTogether = (realm: string, registry: string): boolean => {
  if (realm === registry) return true;
  if (!isName(realm) || !isName(registry)) return false;
  if (isBelow(realm, registry)) return true;
  if (isBelow(registry, realm)) return !isShared(realm);
  const parent = parentOf(registry);
  return parent === parentOf(realm) && !isShared(parent);
};

/**
 * Says whether a challenge's realm may be asked for a token. A registry that names a stranger's end point, or
 * someone on the path who does so in its place, would otherwise be handed the registry's credentials.
 */
export const checkRealm = ({ realm, registry, hasCredentials, allowRealm }: RealmQuestion): URL => {
  const refuse = (why: string): OrasError =>
    new OrasError(`registry ${registry.host}: token end point refused: ${why}`, { code: "REALM_REFUSED" });
  if (!URL.canParse(realm)) throw refuse("its address is not a URL");
  const url = new URL(realm);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse(`scheme ${url.protocol} is not http(s)`);
  if (url.username !== "" || url.password !== "") throw refuse("its address carries credentials");
  if (allowRealm?.(registry.host, url) === true) return url;
  const sameOrigin = url.origin === registry.origin;
  if (url.protocol === "http:" && !sameOrigin) throw refuse(`${redactUrl(url)} is not https`);
  if (!sameOrigin && isPrivateHost(url.hostname) && !isPrivateHost(registry.hostname)) {
    throw refuse(`${url.hostname} is a private address and the registry is not on one`);
  }
  if (hasCredentials && !belongsTogether(url.hostname, registry.hostname)) {
    throw refuse(`${url.hostname} does not belong to the registry, and there are credentials to protect`);
  }
  return url;
};
