import * as v from "valibot";
import { nearest } from "./nearest.ts";
import { list, section } from "./schema-section.ts";
import { type CommonKeys, commonKeys, type SpecialKeys, specialKeys } from "./schema-source-keys.ts";

/** What a source of this type may say beside the common keys; `secrets` or `audience` is what it can prove. */
const KEYS = {
  ecr: ["secrets", "header"],
  "acr-eventgrid": [
    "secrets",
    "header",
    "audience",
    "issuer",
    "keysUrl",
    "authorizedParty",
    "subscriptionName",
  ],
  "acr-webhook": ["secrets", "header"],
  gar: ["audience", "email", "issuer", "keysUrl"],
  ghcr: ["secrets", "redelivery"],
  dockerhub: ["secrets"],
  quay: ["secrets"],
  harbor: ["secrets", "header"],
  zot: ["secrets", "header"],
  distribution: ["secrets", "header"],
  gitlab: ["secrets", "header"],
  jfrog: ["secrets", "jfrogMode", "repositoryPaths"],
  nexus: ["secrets", "repositoryPaths"],
  cloudevents: ["secrets", "header", "allowedOrigins"],
  sluice: ["secrets"],
} as const satisfies Record<string, readonly (keyof SpecialKeys)[]>;

export type SourceType = keyof typeof KEYS;

export const SOURCE_TYPES = Object.keys(KEYS) as readonly SourceType[];

export const sourceKeysOf = (type: SourceType): readonly (keyof SpecialKeys)[] => KEYS[type];

const isSourceType = (value: unknown): value is SourceType =>
  typeof value === "string" && Object.hasOwn(KEYS, value);

type SourceOutput = { readonly type: SourceType } & v.InferOutput<
  v.ObjectSchema<CommonKeys & SpecialKeys, undefined>
>;
type SourceSchema = v.GenericSchema<unknown, SourceOutput>;

const schemaOf = (type: SourceType): SourceSchema => {
  const special = Object.fromEntries(sourceKeysOf(type).map((key) => [key, specialKeys[key]]));
  const entries: Record<string, v.GenericSchema> = {
    type: v.pipe(v.literal(type), v.description("Kind of registry or sender.")),
    ...commonKeys,
    ...special,
  };
  // The keys that a type does not have stay undefined, which is what the type says of every special key.
  return section(`Events of type ${type}.`, entries) as SourceSchema;
};

const schemas = new Map(SOURCE_TYPES.map((type) => [type, schemaOf(type)]));

// Without a known type nothing can be said about the other keys.
const unknownType = v.looseObject(
  {
    type: v.picklist(SOURCE_TYPES, ({ input }) => {
      const guess = typeof input === "string" ? nearest(input, SOURCE_TYPES) : undefined;
      const hint = guess === undefined ? "" : `did you mean \`${guess}\`? It `;
      return `${hint}must be one of ${SOURCE_TYPES.join(", ")}`;
    }),
  },
  (issue) =>
    issue.expected === "Object"
      ? "must be a mapping; write e.g. {type: harbor, secrets: [{env: HARBOR_SECRET}]}"
      : `is missing; write one of ${SOURCE_TYPES.join(", ")}`,
);

const source = v.lazy((input: unknown): SourceSchema => {
  if (input === undefined) return v.union([...schemas.values()]);
  const type = typeof input === "object" && input !== null && "type" in input ? input.type : undefined;
  return (isSourceType(type) ? schemas.get(type) : undefined) ?? (unknownType as SourceSchema);
});

export const sources = v.pipe(
  list(source, "[{type: harbor, secrets: [{env: HARBOR_SECRET}]}]"),
  v.description("Who tells Sluice about pushes, and how they prove it."),
);
