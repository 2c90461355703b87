import { hash } from "node:crypto";
import type { Digest } from "../../shared/artifact/digest.ts";
import type { RepositoryName } from "../../shared/artifact/repository.ts";

export interface PublishedVersion {
  readonly repository: RepositoryName;
  readonly tag: string;
  readonly digest: Digest;
  /** By rule: from when on evidence satisfies it. A rule that is absent is never satisfied. */
  readonly signedFromMs: Readonly<Record<string, number>>;
  /** `oversized`: its evidence cannot be read, for ever. `flux-refuses`: the clusters' own verdict is no. */
  readonly trait: "plain" | "oversized" | "flux-refuses";
}

export const repositoryKey = ({ registry, repository }: RepositoryName): string =>
  `${registry}/${repository}`;

export const digestOf = (...parts: readonly (string | number)[]): Digest =>
  `sha256:${hash("sha256", parts.join("/"))}`;
