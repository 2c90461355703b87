import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

const FILE = join(import.meta.dirname, "../../../infra/aws/events.yml");

/** The pattern of the rule that hands ECR's events to Sluice, as serverless.yml deploys it. */
export const readPushPattern = async (): Promise<unknown> => {
  // CloudFormation's own tags mean nothing here, and nothing of the pattern has one.
  const { Resources } = parse(await readFile(FILE, "utf8"), { logLevel: "silent" }) as {
    readonly Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;
  };
  const pattern = Resources.PushRule?.Properties.EventPattern;
  if (pattern === undefined) throw new Error(`${FILE} has no PushRule`);
  return pattern;
};
