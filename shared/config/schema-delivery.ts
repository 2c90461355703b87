import * as v from "valibot";
import { list, mapOf, oneOf, section, textOr } from "./schema-section.ts";
import {
  duration,
  flag,
  httpUrl,
  name,
  objectKey,
  path,
  repositoryGlob,
  secret,
  text,
  whole,
} from "./schema-values.ts";

/** A path of ours that somebody calls. */
const ownPath = (description: string, example: string) =>
  v.pipe(
    v.string(),
    v.regex(/^\/[A-Za-z0-9._~/-]{1,255}$/, `must be a path beginning with a slash; write e.g. ${example}`),
    v.description(description),
  );

const secretList = (description: string) => v.pipe(list(secret, "[{env: NAME}]"), v.description(description));

/** Of a rotation: each of them is taken, or all sign. */
const keyMap = (description: string) =>
  v.pipe(
    mapOf(objectKey, secret, 'must be a mapping; write e.g. {"flux-system/webhook": {env: FLUX_TOKEN}}'),
    v.description(description),
  );

const transport = {
  allowPrivateAddresses: v.optional(
    flag(
      "Lets the address resolve to private ones, loopback among them. Link-local addresses and metadata services stay refused.",
    ),
  ),
  ca: v.optional(
    path("PEM file with certificate authorities to trust in place of the public ones.", "./ca.pem"),
  ),
  clientCertificate: v.optional(
    section("Client certificate to present.", {
      certificate: path("PEM file with the certificate chain.", "./client.pem"),
      key: secret,
    }),
  ),
  concurrency: v.optional(
    whole("Requests to one receiver at the same time, never two for one object; default 1.", 1, 32),
  ),
  requestsPerMinute: v.optional(
    whole("Requests to one receiver in a minute, at most; default: no limit.", 1, 60_000),
  ),
};

export const receiver = section("How this cluster's Flux Receivers are reached.", {
  baseUrl: httpUrl(
    "Address of Flux's webhook-receiver service; the hook path is added to it.",
    "https://flux.example.com",
  ),
  algorithm: v.optional(
    v.pipe(
      v.picklist(["sha256", "sha512"], "must be sha256 or sha512"),
      v.description("Hash of the HMAC for generic-hmac Receivers; default sha256."),
    ),
  ),
  token: v.optional(secret),
  tokens: v.optional(keyMap("Tokens of single Receivers by <namespace>/<name>, before `token`.")),
  previousToken: v.optional(secret),
  previousTokens: v.optional(keyMap("As `previousToken`, for single Receivers.")),
  audience: v.optional(
    v.pipe(
      text("an audience", "sluice-production"),
      v.description(
        "Audience of the identity token for generic-oidc Receivers; no two clusters have the same.",
      ),
    ),
  ),
  audiences: v.optional(
    v.pipe(
      mapOf(
        objectKey,
        text("an audience", "sluice-production"),
        'must be a mapping; write e.g. {"flux-system/webhook": sluice-production}',
      ),
      v.description("Audiences of single Receivers by <namespace>/<name>, before `audience`."),
    ),
  ),
  signingKey: v.optional(secret),
  previousSigningKey: v.optional(secret),
  ...transport,
});

export const confirmation = section(
  "The cluster's own events, sent by an Alert with a Provider of type generic-hmac: they show what became of a decision.",
  {
    path: v.optional(
      ownPath("Path of ours; default /clusters/<name>/events.", "/clusters/production/events"),
    ),
    secrets: secretList("Tokens of the Provider; several while one is being rotated."),
    within: v.optional(
      duration(
        "Without a word of the cluster for this long, it is poked again; default 5m.",
        "5m",
        "10s",
        "1d",
      ),
    ),
    repokes: v.optional(whole("Pokes after the first one, at most; default 2.", 0, 10)),
  },
);

const repositories = v.optional(
  v.pipe(
    list(repositoryGlob, "[ghcr.io/acme/**]"),
    v.description("Only versions of these repositories; default: all."),
  ),
);

export const inputs = section(
  "Serves the cluster's verified versions to flux-operator's ResourceSetInputProvider of type ExternalService.",
  {
    path: v.optional(
      ownPath("Path of ours; default /clusters/<name>/inputs.", "/clusters/production/inputs"),
    ),
    tokens: secretList("Tokens that the operator may show; several while one is being rotated."),
    repositories,
    providers: v.optional(
      v.pipe(
        list(objectKey, "[apps/sluice]"),
        v.description(
          "The ResourceSetInputProviders that ask, by <namespace>/<name>: each delivery to the cluster pokes them, too.",
        ),
      ),
    ),
    limit: v.optional(
      whole(
        "`spec.filter.limit` of the provider: more inputs are refused, not cut off; default 100.",
        1,
        10_000,
      ),
    ),
  },
);

const httpsMessage = "must be an https URL, or where one is kept; write e.g. https://deploy.example.com/hook";

const httpsUrl = v.pipe(
  text("an https URL", "https://deploy.example.com/hook", 2_048),
  v.check((written) => {
    const url = URL.parse(written);
    return url?.protocol === "https:" && url.username === "" && url.password === "" && url.hash === "";
  }, httpsMessage),
  v.description("Its https address. Where that holds a token, say where it is kept instead."),
);

const endpoint = section("One HTTPS endpoint outside of Flux that hears of decisions.", {
  name: name("Name in ids, records and metrics.", "deploy-bot"),
  url: textOr(httpsUrl, secret),
  secrets: v.optional(
    secretList("Standard Webhooks keys (whsec_…), newest first; several while one is being rotated."),
  ),
  audience: v.optional(
    v.pipe(
      text("an audience", "https://deploy.example.com"),
      v.description("Sends an identity token of Sluice's for this audience."),
    ),
  ),
  format: v.optional(
    v.pipe(
      v.picklist(
        ["json", "cloudevents-binary", "cloudevents-structured"],
        "must be json, cloudevents-binary or cloudevents-structured",
      ),
      v.description("How the body is sent; default json."),
    ),
  ),
  decisions: v.optional(
    v.pipe(
      list(
        v.picklist(["notify", "reject", "wait", "ignore"], "must be notify, reject, wait or ignore"),
        "[notify, reject]",
      ),
      v.description(
        "Which decisions it hears of; default [notify]. The others each get a request of their own, on one machine.",
      ),
    ),
  ),
  repositories,
  clusters: v.optional(
    v.pipe(
      list(name("Name of a cluster.", "production"), "[production]"),
      v.description("Only decisions for these clusters; default: all."),
    ),
  ),
  ...transport,
});

export const endpoints = v.pipe(
  list(endpoint, "[{name: deploy-bot, url: https://deploy.example.com/hook, secrets: [{env: BOT_KEY}]}]"),
  v.description("Who hears of decisions besides Flux, by Standard Webhooks or CloudEvents."),
);

export const identity = oneOf(
  "Who vouches for Sluice to generic-oidc Receivers on one machine. In a cloud, the cloud does.",
  {
    issuer: section("Sluice itself: it signs tokens and publishes its keys below this address.", {
      issuer: httpUrl("Address that the Receivers reach Sluice at.", "https://sluice.example.com"),
      subject: v.optional(
        v.pipe(text("a subject", "sluice", 255), v.description("`sub` of the tokens; default sluice.")),
      ),
      keys: secretList("Private keys in PEM (EC P-256 or RSA): the first one signs, all are published."),
    }),
    tokens: section("Tokens that something else keeps fresh, such as projected service-account tokens.", {
      tokens: v.pipe(
        mapOf(
          text("an audience", "sluice-production"),
          secret,
          'must be a mapping; write e.g. {"sluice-production": {file: /run/tokens/production}}',
        ),
        v.description("Tokens by audience, read anew for each request."),
      ),
    }),
  },
  "must be {issuer: https://…, keys: [{file: path}]} or {tokens: {AUDIENCE: {file: path}}}",
);
