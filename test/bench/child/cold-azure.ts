/**
 * What the Node.js worker of Azure Functions does with an app: loads it by its manifest, and invokes its first function
 * once, with the library's own conversions. A process of its own; its arguments are the app's folder and the file of
 * what the host hands over.
 */
import { readFile } from "node:fs/promises";
import { argv } from "node:process";
import { loadFunctionApp } from "../../support/azure-functions/worker.ts";
import type { FirstInvocation } from "../cold/azure-events.ts";
import { sayCpu } from "./say-cpu.ts";

const [, , folder = "", file = ""] = argv;
const [target] = await loadFunctionApp(folder);
if (target === undefined) throw new Error(`${folder} registers no function`);
const { string, json, http } = JSON.parse(await readFile(file, "utf8")) as FirstInvocation;
const answer = await target.invoke({
  ...(string === undefined ? {} : { string }),
  ...(json === undefined ? {} : { json }),
  ...(http === undefined ? {} : { http: { ...http, body: { bytes: Buffer.from(http.text) } } }),
});
sayCpu();
// As the platform, which freezes or ends the process: open connections are nobody's concern.
process.exit(Number(answer?.http?.statusCode ?? "200") < 300 ? 0 : 1);
