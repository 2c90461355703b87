import { createMarks } from "../../shared/adapters/aws/dynamodb/marks.ts";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openIntake } from "../wiring/http/open-intake.ts";
import { openOnce } from "../wiring/open-once.ts";
import { createHttpHandler } from "./http-handler.ts";
import { createAwsRuntime } from "./runtime.ts";

const runtime = createAwsRuntime(process.env, "intake");
const { clock, secrets, telemetry, queues } = runtime;
/** All instances count a source's events together. */
const documents = createMarks({ client: runtime.dynamo, name: runtime.settings.table }, clock);

/** Every source of sluice.yaml at its path. */
export const handler = createHttpHandler(
  telemetry,
  openOnce(async () => {
    const config = await readBundleConfig(process.env, import.meta.dirname);
    return openIntake(config, { clock, secrets, queue: queues.both, documents, log: telemetry.log });
  }),
);
