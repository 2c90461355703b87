import { hash } from "node:crypto";
import { isRecord } from "./manifest.ts";
import { type DocumentResult, type ParsedDocument, parseDocument } from "./parse-document.ts";

/** Parses documents. */
export type ParseDocument = (text: string) => DocumentResult;

const firstLine: ParsedDocument["itemLine"] = () => 1;

/**
 * As `parseDocument`; what is still in use is not parsed again. Of thousands of objects few change from one reading to
 * the next, and a thousand clusters have most of theirs in common. Equal text gives the same object, so nobody may
 * change one. Lists are always parsed anew: it is their items that are kept.
 */
export const createKnownDocuments = (): ParseDocument => {
  const known = new Map<string, WeakRef<object>>();
  const unused = new FinalizationRegistry<string>((key) => {
    if (known.get(key)?.deref() === undefined) known.delete(key);
  });
  return (text) => {
    const key = hash("sha256", text, "base64");
    const value = known.get(key)?.deref();
    if (value !== undefined) return { value, itemLine: firstLine };
    // A copy: what is cut out of a text holds on to all of it, and this one is a piece of a whole file.
    const parsed = parseDocument(Buffer.from(text).toString());
    if ("problem" in parsed || !isRecord(parsed.value) || "items" in parsed.value) return parsed;
    known.set(key, new WeakRef(parsed.value));
    unused.register(parsed.value, key);
    return parsed;
  };
};
