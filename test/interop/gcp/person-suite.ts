import { join } from "node:path";
import { expect, test } from "vitest";
import type { DecisionRecord } from "../../../shared/state.ts";
import { runToEnd } from "../world/command.ts";
import { type PushedImage, removeTag } from "../world/images.ts";
import { expectCommandsToWork, MISROUTED } from "../world/person-commands.ts";
import { expectDeliveriesToBeMended } from "../world/person-deliveries.ts";
import { NAMES, PLACE, toEnvironment } from "./deployment.ts";
import { type GcpWorld, RECEIVER_TOKEN } from "./gcp-world.ts";

const SLUICE = join(import.meta.dirname, "../../../shared/cli/bin.js");

export interface PersonStage {
  readonly gcp: GcpWorld;
  push(repository: string, tag: string): Promise<PushedImage>;
  sign(image: PushedImage): Promise<unknown>;
  announce(image: PushedImage, tag?: string): Promise<void>;
  finalDecision(repository: string, tag: string): Promise<DecisionRecord>;
}

/** What a person does about a deployment with the `sluice` command and a login of their own. */
export const describePerson = (opened: () => PersonStage): void => {
  const run = async (...args: readonly string[]): Promise<unknown> => {
    const { gcp } = opened();
    const where = ["--config", gcp.configFile, "--runtime", "gcp", "--stage", PLACE.stage];
    const { code, stdout, output } = await runToEnd(process.execPath, [SLUICE, ...args, "--json", ...where], {
      cwd: gcp.stage.world.folder,
      env: { ...toEnvironment(gcp.parts), GOOGLE_OAUTH_ACCESS_TOKEN: "mine" },
    });
    if (code !== 0) throw new Error(output);
    return JSON.parse(stdout);
  };

  test("a person's commands work on what the cloud keeps", async () => {
    await opened().gcp.publish(NAMES.evaluateTopic, MISROUTED);
    await expectCommandsToWork(run, "c/OCIRepository/apps/app", "c/apps/to-app");
  });

  test("a person replays, enables, explains and rolls back; a secret mended where it is wakes what it parked", async () => {
    const { gcp, push, sign, announce, finalDecision } = opened();
    await expectDeliveriesToBeMended(
      {
        run,
        state: gcp.cloud.state,
        receiver: gcp.receiver,
        object: "c/OCIRepository/apps/mended",
        receiverId: "c/apps/to-mended",
        async publish(tag) {
          const image = await push("mended", tag);
          await sign(image);
          await announce(image, tag);
          expect(await finalDecision("mended", tag)).toMatchObject({ outcome: "notify" });
          return image.digest;
        },
        referenceOf: (tag) => `${gcp.valve.host}/acme/mended:${tag}`,
        removeTag: (tag) => removeTag(gcp.stage.host("referrers"), "acme/mended", tag),
        answerAll: (status) => {
          gcp.trouble.status = status;
        },
        setSecret: (value = RECEIVER_TOKEN) => {
          gcp.secrets.set("flux-token", value);
        },
        async restartDeliver(clockAheadMs) {
          await gcp.functions.deliver.kill();
          await gcp.functions.deliver.start(clockAheadMs);
        },
        sweepDue: () => fetch(`${gcp.functions.sweep.url}/due`, { method: "POST" }),
        sweepRepositories: () => fetch(`${gcp.functions.sweep.url}/repositories`, { method: "POST" }),
      },
      ["1.0.0", "1.1.0", "1.2.0"],
    );
  });
};
