import { OrasError, parseReference, parseRepository } from "oras-js";
import { isDigest } from "../artifact/digest.ts";
import {
  type ArtifactName,
  formatRepository,
  type RepositoryName,
  toRepositoryName,
} from "../artifact/repository.ts";
import type { RegistryReader } from "../ports.ts";
import { CliError, usageError } from "./cli-error.ts";

const withUsageErrors = <TResult>(parse: () => TResult): TResult => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof OrasError) throw usageError(error.message);
    throw error;
  }
};

// People paste what the manifest says.
const withoutScheme = (text: string): string => text.replace(/^oci:\/\//, "");

export const toRepository = (text: string): RepositoryName => {
  const { registry, repository } = withUsageErrors(() => parseRepository(withoutScheme(text)));
  return toRepositoryName(registry, repository);
};

/** The artifact that a reference names now: by its digest, or by asking the registry what the tag points at. */
export const resolveReference = async (
  text: string,
  registry: RegistryReader,
  signal: AbortSignal,
): Promise<ArtifactName> => {
  const reference = withUsageErrors(() => parseReference(withoutScheme(text)));
  const name = toRepositoryName(reference.registry, reference.repository);
  if (reference.kind === "digest") {
    if (!isDigest(reference.digest)) throw usageError(`${text}: only sha256 digests are accepted`);
    return { ...name, digest: reference.digest };
  }
  const digest = await registry.resolveTag(name, reference.tag, signal);
  if (digest === undefined) {
    throw new CliError(`${formatRepository(name)} has no tag ${reference.tag}`, { code: "TAG_ABSENT" });
  }
  return { ...name, digest };
};
