import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from "yaml";

/** Keys and indices from the top of the file to a value. */
export type KeyPath = readonly (string | number)[];

const WORD = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `clusters[0].receiver.baseUrl`; keys with other characters are quoted, `registries["127.0.0.1:5000"]`. */
export const formatPath = (path: KeyPath): string => {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!WORD.test(part)) text += `[${JSON.stringify(part.slice(0, 100))}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
};

const resolve = (node: unknown, document: Document): unknown =>
  isAlias(node) ? node.resolve(document) : node;

const pairOf = (node: unknown, key: string): Pair | undefined =>
  isMap(node) ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) : undefined;

const offsetOf = (node: unknown): number | undefined => {
  const range = (node as Node | null | undefined)?.range;
  return range?.[0];
};

/** Where `path` begins in the text; where a key is absent, where its parent begins. */
export const locate = (document: Document, path: KeyPath): number => {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const part of path) {
    const here = resolve(node, document);
    if (typeof part === "number" && isSeq(here)) {
      node = here.items[part];
      offset = offsetOf(isPair(node) ? node.key : node) ?? offset;
      continue;
    }
    const pair = pairOf(here, String(part));
    if (pair === undefined) return offset;
    offset = offsetOf(pair.key) ?? offset;
    node = pair.value;
  }
  return offset;
};
