import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createManagedIdentity } from "../../../shared/adapters/azure/managed-identity.ts";
import { openQueue } from "../../../shared/adapters/azure/open-queue.ts";
import { listenHttp } from "./http-trigger.ts";
import { pollQueue } from "./queue-trigger.ts";
import { loadFunctionApp } from "./worker.ts";

/**
 * A stand-in for the Functions host and its Node.js worker, for one packaged app: the app's own files by its manifest,
 * the library's own conversions, host.json's own settings; storage by managed identity, as in Azure.
 */
const { values } = parseArgs({
  options: {
    app: { type: "string" },
    port: { type: "string" },
    invisible: { type: "string", default: "600" },
  },
});

interface HostSettings {
  readonly extensions: {
    readonly queues: {
      readonly batchSize: number;
      readonly maxDequeueCount: number;
      readonly visibilityTimeout: string;
    };
  };
}

const toSeconds = (time: string): number =>
  time.split(":").reduce((seconds, part) => seconds * 60 + Number(part), 0);

const { app = "", port = "0", invisible } = values;
const functions = await loadFunctionApp(app);
const { queues } = (JSON.parse(readFileSync(join(app, "host.json"), "utf8")) as HostSettings).extensions;
const {
  IDENTITY_ENDPOINT: url = "",
  IDENTITY_HEADER: header = "",
  AZURE_CLIENT_ID: clientId = "",
} = process.env;
const queueUri = process.env.SLUICE_STORAGE__queueServiceUri ?? "";
const tokens = createManagedIdentity({ fetch, clientId, endpoint: { url, header } });

for (const target of functions.filter(({ trigger }) => trigger.type === "queueTrigger")) {
  void pollQueue(target, (name) => openQueue(queueUri, name, tokens), {
    batchSize: queues.batchSize,
    maxDequeueCount: queues.maxDequeueCount,
    visibilityTimeoutS: toSeconds(queues.visibilityTimeout),
    invisibleS: Number(invisible),
  });
}
await listenHttp(functions, Number(port));
