import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import type { Telemetry } from "../../shared/adapters/aws/powertools.ts";
import type { Intake } from "../../shared/pipeline/intake/intake.ts";
import type { IncomingRequest } from "../../shared/ports.ts";
import { answerOnceOpen } from "../wiring/http/answer-once-open.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";

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

/** Lambda's handler behind API Gateway's HTTP API, payload format 2.0. */
export const createHttpHandler = (telemetry: Telemetry, open: () => Promise<Intake>) => {
  const answer = answerOnceOpen(open, telemetry.log);
  return withReadableStacks(
    async (event: APIGatewayProxyEventV2, context: Context): Promise<APIGatewayProxyStructuredResultV2> => {
      telemetry.begin(context.awsRequestId);
      const { status: statusCode, headers, body } = await answer(toIncoming(event));
      return { statusCode, headers: { ...headers }, body };
    },
  );
};
