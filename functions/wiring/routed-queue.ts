import type { WorkQueue } from "../../shared/ports.ts";

/** One queue in front of two: what is delivered has functions, rights and a pace of its own. */
export const routeWork = (queues: {
  readonly evaluate: WorkQueue;
  readonly deliver: WorkQueue;
}): WorkQueue => ({
  async send(messages) {
    const { deliver = [], evaluate = [] } = Object.groupBy(messages, ({ work }) =>
      work.kind === "deliver" ? "deliver" : "evaluate",
    );
    await Promise.all([
      evaluate.length === 0 ? undefined : queues.evaluate.send(evaluate),
      deliver.length === 0 ? undefined : queues.deliver.send(deliver),
    ]);
  },
});
