/**
 * What Lambda's runtime does with a bundle: loads it, hands it one event, waits for the answer. A process of its own;
 * its arguments are the bundle and the event's file.
 */
import { readFile } from "node:fs/promises";
import { enableCompileCache } from "node:module";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { sayCpu } from "./say-cpu.ts";

const [, , bundle = "", event = "", cache] = argv;
if (cache !== undefined) enableCompileCache(cache);

const CONTEXT = {
  awsRequestId: "8a5f5c6e-cold",
  functionName: "cold",
  getRemainingTimeInMillis: () => 60_000,
};

const { handler } = (await import(pathToFileURL(bundle).href)) as {
  readonly handler: (event: unknown, context: unknown) => Promise<unknown>;
};
const answer = await handler(JSON.parse(await readFile(event, "utf8")), CONTEXT);
const failed = Reflect.get(Object(answer), "batchItemFailures") as readonly unknown[] | undefined;
const status = Number(Reflect.get(Object(answer), "statusCode") ?? 200);
sayCpu();
// As Lambda, which freezes the process: open connections are nobody's concern.
process.exit((failed?.length ?? 0) > 0 || status >= 300 ? 1 : 0);
