/*
 * What Lambda's runtime does with a handler, as far as ours can tell: it imports the module, calls `handler` with the
 * event and a context for each message of its parent, and answers with the result or the error's name.
 */
import { pathToFileURL } from "node:url";

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly timeoutMs: number;
}

const [file = ""] = process.argv.slice(2);
const { handler } = (await import(pathToFileURL(file).href)) as {
  handler: (event: unknown, context: unknown) => Promise<unknown>;
};

const toContext = ({ id, timeoutMs }: Invocation) => {
  const endMs = performance.now() + timeoutMs;
  return {
    awsRequestId: id,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: "$LATEST",
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endMs - performance.now())),
  };
};

process.on("message", (invocation: Invocation) => {
  handler(invocation.event, toContext(invocation)).then(
    (result) => process.send?.({ id: invocation.id, result: result ?? null }),
    (error: unknown) => process.send?.({ id: invocation.id, error: String(error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ id: "ready" });
