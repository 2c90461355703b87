import { createHash } from "node:crypto";

const MAX_ID_BYTES = 1_400;

/** A document id for any text: no slash, none of the reserved forms, not longer than allowed, different for each text. */
export const toDocumentId = (key: string): string => {
  const id = `k.${encodeURIComponent(key)}`;
  return id.length <= MAX_ID_BYTES ? id : `h.${createHash("sha256").update(key).digest("hex")}`;
};

/** A field path of one map key, which may hold any character. */
export const toFieldPath = (field: string, key: string): string =>
  `${field}.\`${key.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
