import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleFunctions, FUNCTIONS } from "../../../infra/aws/bundle.ts";
import { bundleFunction } from "../../../infra/bundle.ts";
import { runProcess } from "../processes.ts";
import { EVENTS, SECRET } from "./aws-events.ts";
import { type AwsCall, startAwsServices } from "./aws-services.ts";
import { bundleBytes } from "./bundle-bytes.ts";
import type { ColdCase, ColdCloud, ColdProcess } from "./cold-case.ts";
import { writeDeployment } from "./deployment.ts";

const CHILD = fileURLToPath(new URL("../child/cold-handler.ts", import.meta.url));

const CLIENTS: Readonly<Record<string, { readonly module: string; readonly client: string }>> = {
  DynamoDB_20120810: { module: "@aws-sdk/client-dynamodb", client: "DynamoDBClient" },
  AmazonSQS: { module: "@aws-sdk/client-sqs", client: "SQSClient" },
};

const clientOf = (service: string) => {
  const known = CLIENTS[service];
  if (known === undefined) throw new Error(`no bare client for ${service}`);
  return known;
};

/** A handler that makes these calls, one after the other, and answers. */
const toBareHandler = (calls: readonly AwsCall[]): string => {
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
      `  await ${service}.send(new ${operation}Command(${JSON.stringify(input)}));`,
  );
  return `${imports.join("\n")}\nexport const handler = async () => {\n${sends.join("\n")}\n  return {};\n};\n`;
};

/** The clients resolve from the project's own packages, so the entry must lie inside it. */
const bundleText = async (text: string, folder: string, name: string): Promise<string> => {
  const entry = fileURLToPath(new URL(`./.${name}.generated.mjs`, import.meta.url));
  writeFileSync(entry, text);
  try {
    await bundleFunction({ input: entry, folder, file: `${name}.mjs`, external: [] });
  } finally {
    rmSync(entry);
  }
  return join(folder, `${name}.mjs`);
};

/** The functions of AWS, bundled as they are deployed, in Lambda's environment, with services on loopback. */
export const openAwsCold = async (): Promise<ColdCloud> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cold-aws-"));
  const deployment = join(folder, "deployment");
  const bare = join(folder, "bare");
  mkdirSync(bare);
  writeDeployment(deployment);
  await bundleFunctions(deployment, join(folder, "bundles"));
  const services = await startAwsServices();
  const env = {
    AWS_ENDPOINT_URL: services.url,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "not-a-secret",
    AWS_LAMBDA_FUNCTION_NAME: "cold",
    POWERTOOLS_LOG_LEVEL: "ERROR",
    SLUICE_BENCH_SECRET: SECRET,
    SLUICE_TABLE: "table",
    SLUICE_EVALUATE_QUEUE_URL: `${services.url}/1/evaluate`,
    SLUICE_EVALUATE_DEAD_LETTER_URL: `${services.url}/1/evaluate-dead`,
    SLUICE_DELIVER_QUEUE_URL: `${services.url}/1/deliver`,
    SLUICE_DELIVER_DEAD_LETTER_URL: `${services.url}/1/deliver-dead`,
  };
  const empty = await bundleText("export const handler = async () => ({});\n", bare, "empty");

  const toCase = async (name: (typeof FUNCTIONS)[number]): Promise<ColdCase> => {
    const event = join(folder, `${name}.json`);
    writeFileSync(event, JSON.stringify(EVENTS[name]));
    const bundle = join(folder, "bundles", name, "index.mjs");
    const toProcess = (file: string): ColdProcess => ({ args: [CHILD, file, event], env });
    const ours = toProcess(bundle);
    services.calls.length = 0;
    await runProcess(ours);
    const calls = [...services.calls];
    const same = await bundleText(toBareHandler(calls), bare, name);
    return {
      name: `AWS ${name}`,
      ours,
      bare: toProcess(same),
      empty: toProcess(empty),
      bundleBytes: bundleBytes(dirname(bundle)),
    };
  };

  const cases: ColdCase[] = [];
  for (const name of FUNCTIONS) cases.push(await toCase(name));
  return {
    cases,
    async close() {
      await services.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
