/** The parts of `host[:port]/path[:tag][@digest]`, not yet checked against any grammar. */
export interface ReferenceParts {
  readonly host: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/**
 * Splits a full reference: at the last `@`, and at the last `:` after the last `/` (a `:` before that is a port).
 * The first part is the host whatever it looks like; undefined if there is none.
 */
export const splitFullReference = (text: string): ReferenceParts | undefined => {
  const at = text.lastIndexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const named = at === -1 ? text : text.slice(0, at);
  const slash = named.indexOf("/");
  if (slash <= 0 || slash === named.length - 1) return undefined;
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  return {
    host: named.slice(0, slash),
    repository: named.slice(slash + 1, hasTag ? colon : undefined),
    ...(hasTag && { tag: named.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  };
};

const looksLikeHost = (part: string): boolean => /[.:[]/.test(part) || part === "localhost";

/** The same for references that people write, where no host means Docker Hub. */
export const splitReference = (text: string): ReferenceParts | undefined => {
  const first = text.split("/", 1)[0] ?? "";
  const isFull = first !== text && looksLikeHost(first);
  return splitFullReference(isFull ? text : `docker.io/${text}`);
};
