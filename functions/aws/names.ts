import { CliError } from "../../shared/cli/cli-error.ts";

/** What serverless.yml calls a stage's table and queues; a test holds the two together. */
export interface StageNames {
  readonly table: string;
  readonly evaluate: string;
  readonly evaluateDeadLetters: string;
  readonly deliver: string;
  readonly deliverDeadLetters: string;
}

const STAGE = /^[a-z][a-z0-9-]{0,30}$/;

/** Throws a usage error for a stage that cannot have been deployed. */
export const namesOf = (stage: string): StageNames => {
  if (!STAGE.test(stage)) {
    const message = `--stage ${stage}: lower-case letters, digits and dashes, at most 31`;
    throw new CliError(message, { code: "USAGE" });
  }
  return {
    table: `sluice-${stage}`,
    evaluate: `sluice-${stage}-evaluate`,
    evaluateDeadLetters: `sluice-${stage}-evaluate-dead`,
    deliver: `sluice-${stage}-deliver`,
    deliverDeadLetters: `sluice-${stage}-deliver-dead`,
  };
};
