import { PipelineError } from "../errors.ts";

/** One line: who, which field, what is wrong. Never quotes the body: whoever wrote it may want to be in our logs. */
export const malformed = (source: string, field: string, problem: string, cause?: unknown): PipelineError =>
  new PipelineError(`${source}: ${field} ${problem}`, { code: "PUSH_MALFORMED", cause });

export const tooLarge = (source: string, field: string, limit: string): PipelineError =>
  new PipelineError(`${source}: ${field} exceeds ${limit}`, { code: "PUSH_TOO_LARGE" });
