import * as v from "valibot";
import { list, mapOf, section } from "./schema-section.ts";
import { httpUrl, name, secret, secureUrl, text } from "./schema-values.ts";

const repositoryPath = v.pipe(
  text("a repository path", "docker-local", 256),
  v.regex(/^[a-z0-9][a-z0-9._/-]*$/, "must be a repository path in lower case; write e.g. docker-local"),
);

/** What any source may say. */
export const commonKeys = {
  name: v.optional(name("Name in decisions and metrics; default: the type.", "harbor-eu")),
  path: v.optional(
    v.pipe(
      v.string("must be a path; write e.g. /events/harbor"),
      v.regex(
        /^(?:\/[A-Za-z0-9._~-]{1,128}){1,8}$/,
        "must be an absolute path of letters, digits, dots, dashes; write e.g. /events/harbor",
      ),
      v.description("Where the sender posts to; default /events/<name>."),
    ),
  ),
  registry: v.optional(
    v.pipe(
      text("a registry host", "registry.example.com", 255),
      v.regex(
        /^[A-Za-z0-9[][A-Za-z0-9.:[\]-]*$/,
        "must be a host, with port if any; write e.g. registry.example.com",
      ),
      v.description("Host that clusters pull from; replaces the one that events name."),
    ),
  ),
  unauthenticated: v.optional(
    v.pipe(
      v.literal("allow", "must be `allow`, or be left out"),
      v.description("Accepts events that prove nothing. They stay hints: each one costs a registry read."),
    ),
  ),
};

/** What only some sources may say; which ones is said in schema-sources. */
export const specialKeys = {
  secrets: v.optional(
    v.pipe(
      list(secret, "[{env: WEBHOOK_SECRET}]"),
      v.maxLength(10, "must have at most 10 entries"),
      v.description(
        "Shared secrets; any of them is accepted, so that one can be replaced without a gap. For dockerhub and quay, which sign nothing, it is the last segment of the address: <path>/<secret>.",
      ),
    ),
  ),
  header: v.optional(
    v.pipe(
      text("a header name", "X-Sluice-Secret", 128),
      v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "must be a header name; write e.g. X-Sluice-Secret"),
      v.description("Header that carries the secret; default Authorization."),
    ),
  ),
  audience: v.optional(
    v.pipe(
      text("an audience", "https://sluice.example.com/events/gar"),
      v.description("Audience that the sender's token must be for."),
    ),
  ),
  issuer: v.optional(httpUrl("Issuer of the sender's token.", "https://accounts.google.com")),
  keysUrl: v.optional(
    secureUrl("Where the issuer publishes its keys (JWKS).", "https://www.googleapis.com/oauth2/v3/certs"),
  ),
  email: v.optional(
    v.pipe(
      text("a service account", "pubsub@project.iam.gserviceaccount.com", 320),
      v.description("Service account of the push subscription."),
    ),
  ),
  authorizedParty: v.optional(
    v.pipe(
      text("an application id", "4962773b-9cdb-44cf-a8bf-237846a00ab7", 128),
      v.description("Entra application that calls; default: Event Grid's own."),
    ),
  ),
  subscriptionName: v.optional(
    v.pipe(
      text("a name", "SLUICE", 256),
      v.description("Only this event subscription's validation is answered."),
    ),
  ),
  allowedOrigins: v.optional(
    v.pipe(
      list(text("a host name", "eventgrid.azure.net", 255), "[eventgrid.azure.net]"),
      v.description("Origins whose OPTIONS request is granted (CloudEvents web hooks)."),
    ),
  ),
  redelivery: v.optional(
    section(
      "GitHub does not send again by itself what did not arrive. With this it is asked to, at every sweep.",
      {
        hook: secureUrl("The hook in GitHub's REST API.", "https://api.github.com/orgs/acme/hooks/12345"),
        token: secret,
      },
    ),
  ),
  jfrogMode: v.optional(
    v.pipe(
      v.picklist(["secret", "hmac"], "must be secret or hmac, or be left out to accept both"),
      v.description(
        "hmac: the webhook's secret signs the payload. secret: it is sent as it is. Default: either.",
      ),
    ),
  ),
  repositoryPaths: v.optional(
    v.pipe(
      mapOf(
        repositoryPath,
        repositoryPath,
        "must be a mapping of repository paths; write e.g. {docker-local: docker}",
      ),
      v.description("First part of a repository's path in events, and the one that clusters pull it by."),
    ),
  ),
};

export type CommonKeys = typeof commonKeys;
export type SpecialKeys = typeof specialKeys;
