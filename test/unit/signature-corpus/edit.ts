import type { Json, JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import { ANNOTATION, type LegacyLayer } from "../../../functions/local/playground/sigstore/oci.ts";
import type { Steps } from "../../../functions/local/playground/sigstore/steps.ts";

export type Path = readonly (string | number)[];
type Edit = (old: Json) => Json | undefined;

const editMember = (value: Json, [head, ...rest]: Path, edit: Edit): Json => {
  if (head === undefined) throw new RangeError("empty path");
  if (value === null || typeof value !== "object") throw new TypeError(`nothing at ${head}`);
  const entries: [string, Json][] = Object.entries(value);
  const key = String(head);
  const old = entries.find(([name]) => name === key)?.[1];
  const changed = rest.length === 0 ? edit(old ?? null) : editMember(old ?? null, rest, edit);
  const others = entries.filter(([name]) => name !== key);
  const index = entries.findIndex(([name]) => name === key);
  const kept =
    changed === undefined
      ? others
      : others.toSpliced(index === -1 ? others.length : index, 0, [key, changed] as [string, Json]);
  return Array.isArray(value) ? kept.map(([, member]) => member) : Object.fromEntries(kept);
};

/** Changes one member and leaves the order of the others; `undefined` removes it. */
export const edit = (json: JsonObject, path: Path, change: Edit): JsonObject => {
  const changed = editMember(json, path, change);
  if (changed === null || typeof changed !== "object" || Array.isArray(changed))
    throw new TypeError("not an object");
  return changed as JsonObject;
};

export const set = (json: JsonObject, path: Path, value: Json): JsonObject => edit(json, path, () => value);
export const remove = (json: JsonObject, path: Path): JsonObject => edit(json, path, () => undefined);

/** Flips the lowest bit of the byte at `offset` (from the end where negative). */
export const flip = (bytes: Uint8Array, offset: number): Uint8Array => {
  const copy = Buffer.from(bytes);
  const at = offset < 0 ? copy.length + offset : offset;
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

export const editAnnotation = (
  layer: LegacyLayer,
  name: keyof typeof ANNOTATION,
  change: (old: string) => string | undefined,
): LegacyLayer => {
  const { [ANNOTATION[name]]: old = "", ...others } = layer.annotations;
  const changed = change(old);
  return {
    ...layer,
    annotations: changed === undefined ? others : { ...others, [ANNOTATION[name]]: changed },
  };
};

/** Steps that change the finished evidence of either format after an honest signer made it. */
export const tamper = (changes: {
  readonly bundle?: (bundle: JsonObject) => Json;
  readonly layer?: (layer: LegacyLayer) => LegacyLayer;
}): Steps => ({
  ...(changes.bundle === undefined ? {} : { bundle: changes.bundle }),
  ...(changes.layer === undefined ? {} : { layer: changes.layer }),
});

/** Path of the first log entry in a bundle. */
export const ENTRY: Path = ["verificationMaterial", "tlogEntries", 0];

export const editLogBundle = (layer: LegacyLayer, change: (bundle: JsonObject) => Json): LegacyLayer =>
  editAnnotation(layer, "bundle", (old) => JSON.stringify(change(JSON.parse(old) as JsonObject)));
