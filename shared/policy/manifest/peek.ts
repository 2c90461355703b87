import { toKindStatus } from "./kinds.ts";
import { splitApiVersion } from "./manifest.ts";

/** A line that is none of: a plain key in the first column, indented, an item of a list, blank, a comment. */
const UNUSUAL_LINE = /^(?![A-Za-z][\w.-]*:(?:[ \t\r]|$)|[ \t]|-[ \t]|\r?$|#)/m;
/** The first line with content is indented or an item: no mapping at the root, or not one in the first column. */
const UNUSUAL_START = /^(?:[ \t]*(?:#.*)?\r?\n)*(?:[ \t]+[^ \t\r\n#]|-)/;
const API_VERSION = /^apiVersion:(.*)$/gm;
const KIND = /^kind:(.*)$/gm;
const PLAIN_VALUE = /^[ \t]+(["']?)([A-Za-z0-9./-]+)\1(?:[ \t]+#.*|[ \t]*)\r?$/;

/** The value of a key that stands exactly once in the first column, plainly written. */
const onlyValue = (text: string, key: RegExp): string | undefined => {
  const found = text.matchAll(key);
  const written = found.next().value?.[1];
  if (written === undefined || !found.next().done) return undefined;
  return PLAIN_VALUE.exec(written)?.[2];
};

/**
 * Whether a document certainly holds an object of an API that Flux's policy does not live in, told without parsing
 * it: most of what a cluster is rendered to are Deployments, and a CRD may take megabytes. Where in doubt, false.
 */
export const isForeign = (text: string): boolean => {
  if (UNUSUAL_START.test(text) || UNUSUAL_LINE.test(text)) return false;
  const apiVersion = onlyValue(text, API_VERSION);
  const kind = onlyValue(text, KIND);
  if (apiVersion === undefined || kind === undefined || kind.endsWith("List")) return false;
  const { group, version } = splitApiVersion(apiVersion);
  return toKindStatus(group, version, kind) === "foreign";
};
