import type { RepositoryName } from "../../../artifact/repository.ts";
import type { RegistryReader } from "../../../ports.ts";
import type { EcrClients } from "./clients.ts";
import { toRegistryError } from "./failure.ts";
import { parseEcrHost } from "./host.ts";

/** ECR's limit, and as many images as a repository may hold. */
const PAGE = 1_000;
const MAX_PAGES = 200;

async function* listPrivate(
  clients: EcrClients,
  name: RepositoryName,
  { account, region }: { readonly account: string; readonly region: string },
  abortSignal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { DescribeImagesCommand } = await import("@aws-sdk/client-ecr");
  const client = await clients.ecr(region);
  let nextToken: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await client.send(
      new DescribeImagesCommand({
        registryId: account,
        repositoryName: name.repository,
        // Evidence without tags is most of what a repository holds; it is not asked for.
        filter: { tagStatus: "TAGGED" },
        maxResults: PAGE,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
      { abortSignal },
    );
    for (const { imageTags = [] } of page.imageDetails ?? []) yield* imageTags;
    nextToken = page.nextToken;
    if (nextToken === undefined) return;
  }
}

const splitAlias = ({ repository }: RepositoryName): readonly [alias: string, path: string] => {
  const at = repository.indexOf("/");
  return [repository.slice(0, at), repository.slice(at + 1)];
};

const fetchAliases = async (clients: EcrClients, abortSignal: AbortSignal): Promise<ReadonlySet<string>> => {
  const { DescribeRegistriesCommand } = await import("@aws-sdk/client-ecr-public");
  const client = await clients.ecrPublic();
  const { registries = [] } = await client.send(new DescribeRegistriesCommand({}), { abortSignal });
  const names = registries.flatMap(({ aliases = [] }) => aliases.map(({ name }) => name));
  return new Set(names.filter((name) => name !== undefined));
};

async function* listPublic(
  clients: EcrClients,
  repositoryName: string,
  abortSignal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { DescribeImageTagsCommand } = await import("@aws-sdk/client-ecr-public");
  const client = await clients.ecrPublic();
  let nextToken: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await client.send(
      new DescribeImageTagsCommand({
        repositoryName,
        maxResults: PAGE,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
      { abortSignal },
    );
    for (const { imageTag } of page.imageTagDetails ?? []) if (imageTag !== undefined) yield imageTag;
    nextToken = page.nextToken;
    if (nextToken === undefined) return;
  }
}

async function* translated(
  { registry }: RepositoryName,
  tags: AsyncIterable<string>,
): AsyncGenerator<string, void, undefined> {
  try {
    yield* tags;
  } catch (cause) {
    throw toRegistryError(registry, "listing tags", cause);
  }
}

/**
 * A reader that lists ECR's tags by ECR's own API: a page there holds a thousand images with all of their tags, and
 * ECR Public documents no other way. Other registries, and other accounts' public
 * repositories, are read as before.
 */
export const withEcrTags = (reader: RegistryReader, clients: EcrClients): RegistryReader => {
  let aliases: Promise<ReadonlySet<string>> | undefined;
  async function* list(name: RepositoryName, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const ecr = parseEcrHost(name.registry);
    if (ecr === undefined) return yield* reader.listTags(name, signal);
    if (ecr.kind === "private") return yield* translated(name, listPrivate(clients, name, ecr, signal));
    // Who has no identity there has no repositories there.
    aliases ??= fetchAliases(clients, signal).catch(() => {
      aliases = undefined;
      return new Set<string>();
    });
    const [alias, path] = splitAlias(name);
    if (!(await aliases).has(alias)) return yield* reader.listTags(name, signal);
    return yield* translated(name, listPublic(clients, path, signal));
  }
  return { ...reader, listTags: list };
};
