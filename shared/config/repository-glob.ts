import { type RepositoryName, toRepositoryName } from "../artifact/repository.ts";

/** A pattern over `host/path`, in one canonical spelling. */
export interface RepositoryGlob {
  readonly text: string;
  matches(name: RepositoryName): boolean;
}

const MAX_LENGTH = 512;
const MAX_SEGMENTS = 32;
const SEGMENT = /^(?:\*\*|[a-z0-9*][a-z0-9._*-]*)$/;
const HOST = /^(?:\*\*|[A-Za-z0-9*[][A-Za-z0-9.*:[\]-]*)$/;

/** `*` stands for any run of characters inside one segment. Two pointers: never more than length × length steps. */
const matchesSegment = (pattern: string, text: string): boolean => {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < text.length) {
    if (pattern[at] === "*") {
      star = at;
      resume = index;
      at += 1;
    } else if (pattern[at] === text[index]) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
};

/**
 * `**` in the middle stands for any number of segments, none included; at the end for at least one, so that
 * `ghcr.io/acme/**` is everything below `acme`. One row per pattern segment keeps hostile input linear.
 */
const matchesSegments = (patterns: readonly string[], segments: readonly string[]): boolean => {
  let reachable: readonly boolean[] = [true, ...segments.map(() => false)];
  for (const [index, pattern] of patterns.entries()) {
    const last = index === patterns.length - 1;
    const next = segments.map(() => false);
    next.push(false);
    for (let position = 0; position <= segments.length; position += 1) {
      const segment = segments[position - 1];
      if (pattern !== "**") {
        next[position] =
          segment !== undefined && reachable[position - 1] === true && matchesSegment(pattern, segment);
      } else {
        const fromBefore = position > 0 && (next[position - 1] === true || reachable[position - 1] === true);
        next[position] = fromBefore || (!last && reachable[position] === true);
      }
    }
    reachable = next;
  }
  return reachable[segments.length] === true;
};

const toSegments = (text: string): readonly string[] | undefined => {
  if (text === "**") return ["**"];
  const slash = text.indexOf("/");
  if (slash < 1) return undefined;
  const host = text.slice(0, slash);
  const path = text.slice(slash + 1);
  // A pattern for Docker Hub's `nginx` must meet `index.docker.io/library/nginx`; `docker.io/**` stays as it is.
  const name =
    path === "**" ? { ...toRepositoryName(host, "a/b"), repository: path } : toRepositoryName(host, path);
  return [name.registry, ...name.repository.split("/")];
};

/** Reads `host/path`, where `*` matches inside one segment and `**` over segments; the host may hold `*` too. */
export const parseRepositoryGlob = (text: string): RepositoryGlob | undefined => {
  if (text.length > MAX_LENGTH) return undefined;
  const patterns = toSegments(text);
  if (patterns === undefined || patterns.length > MAX_SEGMENTS) return undefined;
  const [host = "", ...path] = patterns;
  // Inside a segment `**` would promise more than `*` and do the same.
  if (patterns.some((segment) => segment !== "**" && segment.includes("**"))) return undefined;
  if (!HOST.test(host) || !path.every((segment) => SEGMENT.test(segment))) return undefined;
  return {
    text: patterns.join("/"),
    matches: ({ registry, repository }) => matchesSegments(patterns, [registry, ...repository.split("/")]),
  };
};
