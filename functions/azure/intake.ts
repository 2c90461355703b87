import { app } from "@azure/functions";
import { readBundleConfig } from "../common/bundle-config.ts";
import { openIntake } from "../common/open-intake.ts";
import { openOnce } from "../common/open-once.ts";
import { toIncomingRequest, toResponse } from "./http-request.ts";
import { createAzureRuntime } from "./runtime.ts";

const runtime = createAzureRuntime(process.env);

const open = openOnce(async () =>
  openIntake(await readBundleConfig(process.env, import.meta.dirname), runtime),
);

app.http("intake", {
  // A CloudEvents sender asks for consent by OPTIONS before it posts.
  methods: ["POST", "OPTIONS"],
  // Senders prove themselves by what their source asks for; a key of Functions would be one more secret.
  authLevel: "anonymous",
  route: "{*path}",
  handler: async (request) => {
    const intake = await open();
    return toResponse(await intake(await toIncomingRequest(request)));
  },
});
