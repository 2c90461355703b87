import { resolve } from "node:path";
import type { IdentityRule, SecretRef } from "../ports.ts";
import type { FileRef, TrustSettings } from "./config.ts";
import type { ConfigInput } from "./schema.ts";

export interface WithFolder {
  readonly baseFolder: string;
}

export const toPath = (path: string, { baseFolder }: WithFolder): string => resolve(baseFolder, path);

export const toSecretRef = (ref: SecretRef, at: WithFolder): SecretRef =>
  "file" in ref ? { file: toPath(ref.file, at) } : ref;

export const toFileRef = (ref: string | SecretRef, at: WithFolder): FileRef =>
  typeof ref === "string" ? { file: toPath(ref, at) } : toSecretRef(ref, at);

type TrustInput = Pick<
  NonNullable<ConfigInput["rules"]>[number],
  "identities" | "keys" | "unverified" | "transparencyLog" | "trustedRoot"
>;

const toIdentity = ({
  issuer,
  subject,
  claims,
}: NonNullable<TrustInput["identities"]>[number]): IdentityRule => {
  const given = Object.entries(claims ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return given.length === 0 ? { issuer, subject } : { issuer, subject, claims: Object.fromEntries(given) };
};

export const toTrust = (input: TrustInput, at: WithFolder): TrustSettings => ({
  identities: (input.identities ?? []).map(toIdentity),
  keys: (input.keys ?? []).map((key) => toFileRef(key, at)),
  // A key is trusted by itself, as in Flux; a certificate without proof of its time is not.
  transparencyLog: input.transparencyLog ?? (input.keys === undefined ? "required" : "none"),
  ...(input.trustedRoot === undefined ? {} : { trustedRoot: input.trustedRoot }),
  unverified: input.unverified === "allow",
});
