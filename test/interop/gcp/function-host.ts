/*
 * Serves one function of functions/gcp with the Functions Framework's own server, on loopback; the framework's command
 * listens on every interface. Usage: function-host.ts MODULE NAME PORT
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { getTestServer } from "@google-cloud/functions-framework/testing";

const [module = "", name = "", port = ""] = process.argv.slice(2);
await import(pathToFileURL(resolve(module)).href);
getTestServer(name).listen(Number(port), "127.0.0.1");
