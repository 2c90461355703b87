import { app } from "@azure/functions";
import { openTable } from "../../shared/adapters/azure/open-table.ts";
import { createDocuments } from "../../shared/adapters/azure/tables/named.ts";
import { createTable } from "../../shared/adapters/azure/tables/table.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openIntake } from "../wiring/http/open-intake.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createHttpTrigger } from "./http-trigger.ts";
import { TABLES } from "./names.ts";
import { createAzureRuntime } from "./runtime.ts";

const runtime = createAzureRuntime(process.env);

const limits = openTable(runtime.settings.tableUri, TABLES.limits, runtime.tokens);

const open = openOnce(async () => {
  const config = await readBundleConfig(process.env, import.meta.dirname);
  return openIntake(config, { ...runtime, documents: createDocuments(createTable(limits)) });
});

app.http("intake", {
  // A CloudEvents sender asks for consent by OPTIONS before it posts.
  methods: ["POST", "OPTIONS"],
  // Senders prove themselves by what their source asks for; a key of Functions would be one more secret.
  authLevel: "anonymous",
  route: "{*path}",
  handler: createHttpTrigger(runtime.log, open),
});
