import { http, type Request, type Response } from "@google-cloud/functions-framework";
import { readBundleConfig } from "../wiring/bundle-config.ts";
import { openSweepFunction } from "../wiring/functions.ts";
import { openOnce } from "../wiring/open-once.ts";
import { withReadableStacks } from "../wiring/readable-stacks.ts";
import { keepDeadMessages } from "./dead-messages.ts";
import { openGoogleCloud } from "./runtime.ts";
import { readSurroundings } from "./surroundings.ts";

const open = openOnce(async () => {
  const surroundings = readSurroundings(process.env);
  const { names, clock } = surroundings;
  const cloud = openGoogleCloud(surroundings);
  const config = await readBundleConfig(process.env, import.meta.dirname);
  const sweep = await openSweepFunction(config, cloud);
  /** What a Cloud Scheduler job asks for, by the name that its request carries. */
  const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
    due: async () => {
      await sweep.due();
      await keepDeadMessages(cloud, names);
    },
    repositories: () => sweep.repositories(),
    prune: async () => {
      const beforeMs = clock.nowMs() - config.state.retentionMs;
      await cloud.state.prune(beforeMs);
      await cloud.deadLetters.prune(beforeMs);
    },
  };
  return { tasks, log: cloud.log };
});

http(
  "sweep",
  withReadableStacks(async ({ path }: Request, response: Response) => {
    const { tasks, log } = await open();
    const name = path.replace(/^\//, "");
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (task === undefined) {
      response.status(404).type("text").end("no such task; ask for /due, /repositories or /prune\n");
      return;
    }
    try {
      await task();
      response.status(204).end();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log("timer-failed", { timer: name, reason });
      // The scheduler tries again, and its next turn does the same work.
      response.status(503).type("text").end("not done; see the log\n");
    }
  }),
);
