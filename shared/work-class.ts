import type { Work } from "./ports.ts";

/**
 * What is received apart from each other: each kind, and of `deliver` what comes `again`, to a receiver that did not do
 * well with what it was sent last. Others come first where both wait.
 */
export type WorkClass = Work["kind"] | "redeliver";

/** Where work queues up. */
export const toWorkClass = (work: Work): WorkClass =>
  work.kind === "deliver" && work.again === true ? "redeliver" : work.kind;

/** By type, so that a class that is new cannot be left out. */
export const WORK_CLASSES = Object.keys({
  push: true,
  evaluate: true,
  deliver: true,
  redeliver: true,
  confirm: true,
  sweep: true,
} satisfies Record<WorkClass, true>) as readonly WorkClass[];
