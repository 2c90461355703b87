import { SECRET } from "./aws-events.ts";

/** A function's environment on Lambda, with AWS at `url`. */
export const toAwsEnv = (url: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: url,
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "not-a-secret",
  AWS_LAMBDA_FUNCTION_NAME: "bench",
  POWERTOOLS_LOG_LEVEL: "ERROR",
  SLUICE_BENCH_SECRET: SECRET,
  SLUICE_TABLE: "table",
  SLUICE_EVALUATE_QUEUE_URL: `${url}/1/evaluate`,
  SLUICE_EVALUATE_DEAD_LETTER_URL: `${url}/1/evaluate-dead`,
  SLUICE_DELIVER_QUEUE_URL: `${url}/1/deliver`,
  SLUICE_DELIVER_DEAD_LETTER_URL: `${url}/1/deliver-dead`,
});
