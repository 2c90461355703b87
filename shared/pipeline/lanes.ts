import { createHash } from "node:crypto";

/** What is claimed for each of the requests that a receiver gets at the same time. */
export const laneKeys = (receiver: string, lanes: number): readonly string[] =>
  Array.from({ length: Math.max(1, lanes) }, (_, index) =>
    index === 0 ? `deliver/${receiver}` : `deliver/${receiver}#${index}`,
  );

/** Each object has one lane, whoever asks: two requests at the same time are never for one object. */
export const isInLane = (object: string, index: number, lanes: number): boolean =>
  lanes <= 1 || createHash("sha256").update(object).digest().readUInt32BE(0) % lanes === index;
