import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { createMarks } from "../../shared/adapters/aws/dynamodb/marks.ts";
import type { IncomingRequest } from "../../shared/ports.ts";
import { readBundleConfig } from "../common/bundle-config.ts";
import { openIntake } from "../common/open-intake.ts";
import { openOnce } from "../common/open-once.ts";
import { createAwsRuntime } from "./runtime.ts";

const runtime = createAwsRuntime(process.env, "intake");
const { clock, secrets, telemetry, queues } = runtime;
/** All instances count a source's events together. */
const documents = createMarks({ client: runtime.dynamo, name: runtime.settings.table }, clock);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openIntake(config, { clock, secrets, queue: queues.both, documents, log: telemetry.log });
});

/** Signatures cover bytes: the body is taken as it came. */
const toIncoming = ({
  requestContext,
  rawPath,
  rawQueryString,
  headers,
  body = "",
  isBase64Encoded,
}: APIGatewayProxyEventV2): IncomingRequest => ({
  method: requestContext.http.method,
  path: rawPath,
  query: rawQueryString,
  headers,
  body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
});

/** API Gateway's HTTP API, payload format 2.0: every source of sluice.yaml at its path. */
export const handler = async (
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => {
  telemetry.begin(context.awsRequestId);
  const intake = await open();
  const { status: statusCode, headers, body } = await intake(toIncoming(event));
  return { statusCode, headers: { ...headers }, body };
};
