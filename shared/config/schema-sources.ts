import * as v from "valibot";
import { list, section } from "./schema-section.ts";
import { httpUrl, name, secret, text } from "./schema-values.ts";

/** How a sender proves that it is the one we agreed with. */
type Proof = "secret" | "secret-in-path" | "secret-or-token" | "token";

/** Every kind of event source, with what it can prove. */
export const SOURCE_TYPES = {
  ecr: "secret",
  "acr-eventgrid": "secret-or-token",
  "acr-webhook": "secret",
  gar: "token",
  ghcr: "secret",
  dockerhub: "secret-in-path",
  quay: "secret-in-path",
  harbor: "secret",
  zot: "secret",
  distribution: "secret",
  gitlab: "secret",
  jfrog: "secret",
  nexus: "secret",
  cloudevents: "secret",
  sluice: "secret",
} as const satisfies Record<string, Proof>;

export type SourceType = keyof typeof SOURCE_TYPES;

const TYPE_NAMES = Object.keys(SOURCE_TYPES) as SourceType[];

const isSourceType = (value: unknown): value is SourceType =>
  typeof value === "string" && Object.hasOwn(SOURCE_TYPES, value);

const SECRETS_TEXT: Readonly<Record<Proof, string>> = {
  secret: "Shared secrets; any of them is accepted, so that one can be replaced without a gap.",
  "secret-in-path":
    "The sender signs nothing, so the secret is the last segment of the address: <path>/<secret>. Any of them is accepted.",
  "secret-or-token": "Shared secrets, for senders that send no Entra token; any of them is accepted.",
  token: "",
};

const header = v.optional(
  v.pipe(
    text("a header name", "X-Sluice-Secret", 128),
    v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "must be a header name; write e.g. X-Sluice-Secret"),
    v.description("Header that carries the secret, where the source lets one choose; default Authorization."),
  ),
);

const common = <TType extends SourceType>(type: TType) => ({
  type: v.pipe(v.literal(type), v.description("Kind of registry or sender.")),
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
});

const withSecrets = (proof: Proof) => ({
  secrets: v.optional(
    v.pipe(
      list(secret, "[{env: WEBHOOK_SECRET}]"),
      v.maxLength(10, "must have at most 10 entries"),
      v.description(SECRETS_TEXT[proof]),
    ),
  ),
});

const audience = v.optional(
  v.pipe(
    text("an audience", "https://sluice.example.com/events/gar"),
    v.description("Audience the token must be for."),
  ),
);
const issuer = v.optional(httpUrl("Issuer of the token.", "https://accounts.google.com"));

const gar = section("Google Artifact Registry by Pub/Sub push, authenticated by Google's OIDC token.", {
  ...common("gar"),
  audience,
  email: v.optional(
    v.pipe(
      text("a service account", "pubsub@project.iam.gserviceaccount.com", 320),
      v.description("Service account of the push subscription."),
    ),
  ),
  issuer,
});

const eventGrid = section("Azure Container Registry by Event Grid.", {
  ...common("acr-eventgrid"),
  ...withSecrets("secret-or-token"),
  header,
  audience,
  issuer,
});

const jfrog = section("JFrog Artifactory.", {
  ...common("jfrog"),
  ...withSecrets("secret"),
  jfrogMode: v.optional(
    v.pipe(
      v.picklist(["secret", "hmac"], "must be secret or hmac; leave it out for hmac"),
      v.description(
        "hmac: the webhook's secret signs the payload. secret: it is sent as it is (the switch in Artifactory is off).",
      ),
    ),
  ),
});

type PlainType = Exclude<SourceType, "gar" | "acr-eventgrid" | "jfrog">;

const plain = (type: PlainType): SourceSchema => {
  const entries = { ...common(type), ...withSecrets(SOURCE_TYPES[type]) };
  const description = `Events of type ${type}.`;
  return SOURCE_TYPES[type] === "secret-in-path"
    ? section(description, entries)
    : section(description, { ...entries, header });
};

export interface SourceOutput {
  readonly type: SourceType;
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  readonly registry?: string | undefined;
  readonly unauthenticated?: "allow" | undefined;
  readonly secrets?: readonly v.InferOutput<typeof secret>[] | undefined;
  readonly header?: string | undefined;
  readonly audience?: string | undefined;
  readonly email?: string | undefined;
  readonly issuer?: string | undefined;
  readonly jfrogMode?: "secret" | "hmac" | undefined;
}
type SourceSchema = v.GenericSchema<unknown, SourceOutput>;

const optionFor = (type: SourceType): SourceSchema => {
  switch (type) {
    case "gar":
      return gar;
    case "acr-eventgrid":
      return eventGrid;
    case "jfrog":
      return jfrog;
    default:
      return plain(type);
  }
};

const options = new Map<SourceType, SourceSchema>(TYPE_NAMES.map((type) => [type, optionFor(type)]));
// Without a known type nothing can be said about the other keys.
const anyType = v.looseObject(
  { type: v.picklist(TYPE_NAMES, `must be one of ${TYPE_NAMES.join(", ")}`) },
  (issue) =>
    issue.expected === "Object"
      ? "must be a mapping; write e.g. {type: harbor, secrets: [{env: HARBOR_SECRET}]}"
      : `is missing; write one of ${TYPE_NAMES.join(", ")}`,
);

const source = v.lazy((input: unknown): SourceSchema => {
  if (input === undefined) return v.union([...options.values()]);
  const type = typeof input === "object" && input !== null && "type" in input ? input.type : undefined;
  return (isSourceType(type) ? options.get(type) : undefined) ?? (anyType as SourceSchema);
});

export const sources = v.pipe(
  list(source, "[{type: harbor, secrets: [{env: HARBOR_SECRET}]}]"),
  v.description("Who tells Sluice about pushes, and how they prove it."),
);
