import { hash } from "node:crypto";
import type { Push } from "../../ports.ts";

const keyOf = (text: string): string => `push/${hash("sha256", text)}`;

/** The same for exact duplicates; an event without an id of its own cannot be told from a second push of the same. */
export const toDuplicateKey = (push: Push): string | undefined =>
  push.id === undefined ? undefined : keyOf(JSON.stringify(push));

/** Exact duplicates share it; an event without an id is new each time (a tag may be pushed twice). */
export const toWorkId = (push: Push, nowMs: number, fraction: number): string =>
  toDuplicateKey(push) ?? keyOf(`${JSON.stringify(push)}${nowMs}/${fraction}`);
