import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleFunction } from "../../../infra/bundle.ts";
import type { AwsCall } from "./aws-services.ts";

const CLIENTS: Readonly<Record<string, { readonly module: string; readonly client: string }>> = {
  DynamoDB_20120810: { module: "@aws-sdk/client-dynamodb", client: "DynamoDBClient" },
  AWSEvents: { module: "@aws-sdk/client-eventbridge", client: "EventBridgeClient" },
  AmazonSQS: { module: "@aws-sdk/client-sqs", client: "SQSClient" },
};

const clientOf = (service: string) => {
  const known = CLIENTS[service];
  if (known === undefined) throw new Error(`no bare client for ${service}`);
  return known;
};

/** Written as a number, and a Date to the client; the service does without. */
const withoutTimes = (key: string, value: unknown): unknown => (key === "Time" ? undefined : value);

/** A handler that makes these calls, one after the other, and answers. */
export const toBareHandler = (calls: readonly AwsCall[]): string => {
  const services = [...new Set(calls.map(({ service }) => service))];
  const imports = services.map((service) => {
    const { module, client } = clientOf(service);
    const operations = new Set(
      calls.filter((call) => call.service === service).map(({ operation }) => operation),
    );
    const names = [client, ...[...operations].map((operation) => `${operation}Command`)];
    return `import { ${names.join(", ")} } from ${JSON.stringify(module)};\nconst ${service} = new ${client}({});`;
  });
  const sends = calls.map(
    ({ service, operation, input }) =>
      `  await ${service}.send(new ${operation}Command(${JSON.stringify(input, withoutTimes)}));`,
  );
  return `${imports.join("\n")}\nexport const handler = async () => {\n${sends.join("\n")}\n  return {};\n};\n`;
};

/** The clients resolve from the project's own packages, so the entry must lie inside it. */
export const bundleText = async (
  text: string,
  folder: string,
  name: string,
  external: readonly string[] = [],
): Promise<string> => {
  const entry = fileURLToPath(new URL(`./.${name}.generated.mjs`, import.meta.url));
  writeFileSync(entry, text);
  try {
    await bundleFunction({ input: entry, folder, file: `${name}.mjs`, external });
  } finally {
    rmSync(entry);
  }
  return join(folder, `${name}.mjs`);
};
