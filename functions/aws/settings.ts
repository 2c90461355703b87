import { PipelineError } from "../../shared/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A queue and its dead letters, by their URLs. */
export interface QueueUrls {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** What serverless.yml sets for a function. */
export interface AwsSettings {
  readonly table: string;
  readonly evaluate: QueueUrls;
  readonly deliver: QueueUrls;
  /** Absent: decisions are told to nobody. */
  readonly eventBus: string | undefined;
}

const required = (env: Environment, name: string): string => {
  const value = env[name];
  if (value) return value;
  throw new PipelineError(`the environment variable ${name} is missing; serverless.yml sets it`, {
    code: "CONFIG_INVALID",
  });
};

/** Reads a function's environment. Throws `CONFIG_INVALID` with the name of a variable that is missing. */
export const readSettings = (env: Environment): AwsSettings => ({
  table: required(env, "SLUICE_TABLE"),
  evaluate: {
    queueUrl: required(env, "SLUICE_EVALUATE_QUEUE_URL"),
    deadLetterUrl: required(env, "SLUICE_EVALUATE_DEAD_LETTER_URL"),
  },
  deliver: {
    queueUrl: required(env, "SLUICE_DELIVER_QUEUE_URL"),
    deadLetterUrl: required(env, "SLUICE_DELIVER_DEAD_LETTER_URL"),
  },
  eventBus: env.SLUICE_EVENT_BUS || undefined,
});
