import { createHash } from "node:crypto";

/** What a worker holds before it sends. */
export interface LaneClaim {
  readonly key: string;
  readonly owner: string;
  /** By all who divide the receiver's objects alike: nobody lets go of it, it runs out. */
  readonly shared?: true;
}

/**
 * For each of the requests that a receiver gets at the same time, what is claimed for it. Instances may disagree for a
 * while on how many these are: then one object would have two lanes, so that those who divide differently keep each
 * other off.
 */
export const laneClaims = (
  receiver: string,
  lanes: number,
  owner: string,
): readonly (readonly LaneClaim[])[] => {
  const key = `deliver/${receiver}`;
  if (lanes <= 1) return [[{ key, owner }]];
  const division = { key, owner: `lanes/${lanes}`, shared: true } as const;
  return Array.from({ length: lanes }, (_, index) => [division, { key: `${key}#${index}`, owner }]);
};

/** Each object has one lane, whoever asks: two requests at the same time are never for one object. */
export const isInLane = (object: string, index: number, lanes: number): boolean =>
  lanes <= 1 || createHash("sha256").update(object).digest().readUInt32BE(0) % lanes === index;
