import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runProcess } from "../processes.ts";
import { createTableDouble, writesOf } from "../warm/table-double.ts";
import { openWarmWorld } from "../warm/warm-world.ts";
import { toAwsEnv } from "./aws-env.ts";
import { answerEmpty, startAwsServices } from "./aws-services.ts";
import { bundleText, toBareHandler } from "./bare-handler.ts";
import { bundleBytes } from "./bundle-bytes.ts";
import type { ColdCloud, ColdProcess } from "./cold-case.ts";
import { bundleStandIn } from "./stand-in.ts";

const TABLE = "DynamoDB_20120810";
/** The first becomes the baseline, the second is told as any other: what is measured is the next. */
const BEFORE = 2;

/** A start that meets a new signed version which an object follows: read, verified, decided, recorded, handed on. */
export const openFollowedCold = async (): Promise<ColdCloud> => {
  const world = await openWarmWorld();
  const table = createTableDouble();
  // Each start must find the state as the one before it did.
  let keepsWrites = true;
  const services = await startAwsServices((call) => {
    if (call.service !== TABLE) return answerEmpty(call);
    return keepsWrites || writesOf(call).length === 0 ? table.answer(call) : {};
  });
  const env = { ...toAwsEnv(services.url), SLUICE_EVENT_BUS: "default" };
  const bundle = await world.bundle(1);
  const runtime = await bundleStandIn("cold-handler", world.folder);
  const event = join(world.folder, "event.json");
  const toProcess = (file: string): ColdProcess => ({ args: [runtime, file, event], env });
  const start = async (): Promise<void> => {
    writeFileSync(event, JSON.stringify(await world.release()));
    services.calls.length = 0;
    await runProcess(toProcess(bundle));
  };
  for (let at = 0; at < BEFORE; at++) await start();
  keepsWrites = false;
  await start();
  const calls = [...services.calls];
  // Nothing else is handed on to the function that delivers.
  if (!calls.some(({ service }) => service === "AmazonSQS")) throw new Error("the push was not followed");
  return {
    cases: [
      {
        name: "AWS evaluate, a push that is followed",
        ours: toProcess(bundle),
        bare: toProcess(await bundleText(toBareHandler(calls), world.folder, "bare")),
        empty: toProcess(
          await bundleText("export const handler = async () => ({});\n", world.folder, "empty"),
        ),
        bundleBytes: bundleBytes(dirname(bundle)),
        verifies: true,
      },
    ],
    async close() {
      await services.close();
      await world.close();
    },
  };
};
