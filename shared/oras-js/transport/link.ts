import { OrasError } from "../errors.ts";
import { redactUrl } from "./redact.ts";

const LONGEST_HEADER = 16_384;

interface Link {
  readonly target: string;
  readonly parameters: string;
}

// `<target>; parameters` items. Commas and semicolons inside <> or quotes do not separate.
const splitLinks = (header: string): Link[] => {
  const links: Link[] = [];
  const item = /<([^>]*)>((?:[^",<]|"(?:[^"\\]|\\.)*")*)/gy;
  item.lastIndex = 0;
  for (let at = 0; at < header.length; at = item.lastIndex) {
    while (/[\s,]/.test(header[at] ?? "")) at += 1;
    item.lastIndex = at;
    const match = item.exec(header);
    if (match === null) return links;
    links.push({ target: match[1] ?? "", parameters: match[2] ?? "" });
  }
  return links;
};

const PARAMETER = /\s*;\s*([^\s=;"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?/gy;

// Read one by one: another parameter's quoted text may look like `rel=next`.
const isNext = (parameters: string): boolean => {
  for (const [, name = "", quoted, bare = ""] of parameters.matchAll(PARAMETER)) {
    if (name.toLowerCase() === "rel") return (quoted ?? bare).toLowerCase().split(/\s+/).includes("next");
  }
  return false;
};

/** The target of `rel="next"` as written, unresolved. */
export const parseNextLink = (header: string | null): string | undefined => {
  if (header === null || header.length > LONGEST_HEADER) return undefined;
  return splitLinks(header).find(({ parameters }) => isNext(parameters))?.target;
};

/**
 * Resolves a page's next link against the URL that was asked. Another origin is refused: it would be asked with
 * this registry's token.
 */
export const resolveNextLink = (target: string, from: URL): URL => {
  const next = URL.canParse(target, from.href) ? new URL(target, from) : undefined;
  if (next === undefined || next.origin !== from.origin || next.username !== "" || next.password !== "") {
    throw new OrasError(`${redactUrl(from)}: the next page's link leaves the registry`, {
      code: "PAGING_REFUSED",
    });
  }
  next.hash = "";
  return next;
};
