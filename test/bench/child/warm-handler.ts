/**
 * What Lambda's runtime does with an instance that is warm: one event after the other, each answered before the next.
 * Its argument is the bundle; events come from the parent, which is told what processor time each took.
 */
import { argv } from "node:process";
import { pathToFileURL } from "node:url";

const US_PER_MS = 1_000;
const CONTEXT = {
  awsRequestId: "8a5f5c6e-warm",
  functionName: "warm",
  getRemainingTimeInMillis: () => 60_000,
};

const [, , bundle = ""] = argv;
const { handler } = (await import(pathToFileURL(bundle).href)) as {
  readonly handler: (event: unknown, context: unknown) => Promise<unknown>;
};

process.on("message", async (event: unknown) => {
  const before = process.cpuUsage();
  const answer = await handler(event, CONTEXT);
  const { user, system } = process.cpuUsage(before);
  const failed = Reflect.get(Object(answer), "batchItemFailures") as readonly unknown[] | undefined;
  process.send?.({ cpuMs: (user + system) / US_PER_MS, failed: failed?.length ?? 0 });
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
