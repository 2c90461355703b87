import { toRepositoryName } from "../artifact/repository.ts";
import type { SourceSettings } from "./config.ts";
import type { ConfigInput } from "./schema.ts";
import { toSecretRef, type WithFolder } from "./to-references.ts";

type SourceInput = NonNullable<ConfigInput["sources"]>[number];

/** Drops the keys that are absent: an optional property is there or not, never `undefined`. */
const given = <TValue extends object>(value: TValue) =>
  Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined)) as {
    [Key in keyof TValue]: Exclude<TValue[Key], undefined>;
  };

export const toSource = (input: SourceInput, at: WithFolder): SourceSettings => {
  const {
    type,
    secrets = [],
    unauthenticated,
    header,
    registry,
    path,
    name = type,
    redelivery,
    ...special
  } = input;
  return {
    ...given(special),
    ...(header === undefined ? {} : { header: header.toLowerCase() }),
    ...(registry === undefined ? {} : { registry: toRepositoryName(registry, "a/b").registry }),
    ...(redelivery === undefined
      ? {}
      : {
          redelivery: {
            url: redelivery.hook.replace(/\/+$/, ""),
            token: toSecretRef(redelivery.token, at),
          },
        }),
    type,
    name,
    path: path ?? `/events/${name}`,
    secrets: secrets.map((secret) => toSecretRef(secret, at)),
    unauthenticated: unauthenticated === "allow",
  };
};
