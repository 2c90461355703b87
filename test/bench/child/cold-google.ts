/**
 * What Google's runtime does with a bundle: the framework loads it, serves it, and the first request comes. A process
 * of its own; its arguments are the bundle, the function's name and the request's file.
 */
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { sayCpu } from "./say-cpu.ts";

interface FirstRequest {
  /** Default: POST. */
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const [, , bundle = "", name = "", file = ""] = argv;
await import(pathToFileURL(bundle).href);
const { method = "POST", path, headers, body } = JSON.parse(await readFile(file, "utf8")) as FirstRequest;
const server = getTestServer(name).listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: "127.0.0.1", port, path, method, headers }, ({ statusCode = 500 }) => {
    sayCpu();
    // As the platform, which takes the processor away: open connections are nobody's concern.
    process.exit(statusCode < 300 ? 0 : 1);
  });
  sent.end(body);
});
