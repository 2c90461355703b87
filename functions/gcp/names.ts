import { PipelineError } from "../../shared/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What one deployment's resources are called; infra/gcp makes them by the same rule. */
export interface Names {
  readonly project: string;
  readonly database: string;
  /** Intake's own, where it counts events: what strangers reach can read no state. */
  readonly limitsDatabase: string;
  readonly evaluateTopic: string;
  readonly deliverTopic: string;
  readonly decisionsTopic: string;
  /** The pull subscription that Pub/Sub's dead letters end in. */
  readonly deadSubscription: string;
  readonly delayQueue: string;
  readonly delayAccount: string;
}

export interface Place {
  readonly project: string;
  readonly location: string;
  readonly stage: string;
}

/** Everything of a stage has its name in it, so that several live side by side in one project. */
export const toNames = ({ project, location, stage }: Place): Names => {
  const prefix = `sluice-${stage}`;
  return {
    project,
    database: prefix,
    limitsDatabase: `${prefix}-limits`,
    evaluateTopic: `${prefix}-evaluate`,
    deliverTopic: `${prefix}-deliver`,
    decisionsTopic: `${prefix}-decisions`,
    deadSubscription: `${prefix}-dead`,
    delayQueue: `projects/${project}/locations/${location}/queues/${prefix}-delays`,
    delayAccount: `${prefix}-delays@${project}.iam.gserviceaccount.com`,
  };
};

const required = (env: Environment, name: string, example: string): string => {
  const value = env[name];
  if (value !== undefined && value !== "") return value;
  const message = `${name} is not set; it names where Sluice runs on Google Cloud, such as ${example}`;
  throw new PipelineError(message, { code: "CONFIG_INVALID" });
};

/** Reads where a deployment is from the environment. Throws `CONFIG_INVALID`. */
export const readPlace = (env: Environment, stage = env.SLUICE_STAGE): Place => ({
  project: required(env, "GOOGLE_CLOUD_PROJECT", "acme-prod"),
  location: required(env, "SLUICE_LOCATION", "europe-west1"),
  stage: required({ SLUICE_STAGE: stage }, "SLUICE_STAGE", "prod"),
});
