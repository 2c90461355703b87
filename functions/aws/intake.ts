import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import type { IncomingRequest } from "../../shared/ports.ts";
import { readBundleConfig } from "../common/bundle-config.ts";
import { openIntake } from "../common/open-intake.ts";
import { openOnce } from "../common/open-once.ts";
import { createAwsRuntime } from "./runtime.ts";

const runtime = createAwsRuntime(process.env, "intake");
const { clock, secrets, telemetry, queues } = runtime;

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openIntake(config, { clock, secrets, queue: queues.both, log: telemetry.log });
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
  try {
    const intake = await open();
    const { status: statusCode, headers, body } = await intake(toIncoming(event));
    return { statusCode, headers: { ...headers }, body };
  } finally {
    telemetry.flush();
  }
};
