import { beforeEach, describe, expect, test } from "vitest";
import { createDecisionsCommand } from "../../../shared/cli/commands/decisions.ts";
import { runSluice } from "../../support/cli.ts";
import { createHarness, digestOf, type Harness } from "../pipeline/harness.ts";

const MORE_THAN_SCANNED = 100_001;

let at: Harness;
beforeEach(async () => {
  at = createHarness();
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  await at.publish("1.1.0");
});

const run = (...argv: readonly string[]) =>
  runSluice(["decisions", ...argv], {
    nowMs: at.deps.clock.nowMs(),
    commands: [
      createDecisionsCommand(async () => ({
        records: (query) => at.state.records(query),
        dueChecks: (nowMs, limit) => at.state.dueChecks(nowMs, limit),
        close: async () => {},
      })),
    ],
  });

const decided = () => {
  const found = at.state.all().find((one) => one.kind === "decision" && one.outcome === "notify");
  if (found === undefined) throw new Error("nothing was decided");
  return found;
};

describe("show", () => {
  test("takes the first letters of an id, or all of it", async () => {
    const { decisionId } = decided();
    for (const written of [decisionId, decisionId.slice(0, -1)]) {
      const shown = JSON.parse((await run("show", "--json", written)).stdout);
      expect(new Set(shown.map((one: { decisionId: string }) => one.decisionId))).toEqual(
        new Set([decisionId]),
      );
    }
    expect((await run("show", "nothing-like-it")).stderr).toContain("no decision nothing-like-it;");
  });

  test("finds an old one by its whole id, and says how far it looked for a part of one", async () => {
    const mine = decided();
    const others = Array.from({ length: MORE_THAN_SCANNED }, (_, index) => ({
      ...mine,
      id: `other/${index}`,
      decisionId: "zzz",
    }));
    await at.state.commit(mine.subscription, 0, { records: others });
    expect((await run("show", mine.decisionId)).code).toBe(0);
    const { code, stderr } = await run("show", mine.decisionId.slice(0, -1));
    expect(code).not.toBe(0);
    expect(stderr).toContain("among the newest 100000 records; write all of it");
  });
});

test("list --overdue shows what nobody looked at again in time, and exits with 1 if there is any", async () => {
  await at.publish("1.2.0", "unsigned");
  const early = await run("list", "--overdue");
  expect([early.code, early.stdout]).toEqual([0, "nothing is overdue\n"]);
  at.setNow(at.deps.clock.nowMs() + 6 * 60_000);
  const late = await run("list", "--overdue", "--json");
  expect(late.code).toBe(1);
  expect(JSON.parse(late.stdout)).toMatchObject([{ outcome: "wait", tag: "1.2.0" }]);
});

test("list --overdue counts an object whose records are no longer kept", async () => {
  await at.publish("1.2.0", "unsigned");
  const { subscription } = decided();
  at.setNow(at.deps.clock.nowMs() + 6 * 60_000);
  await at.state.prune(at.deps.clock.nowMs());
  const late = await run("list", "--overdue");
  expect([late.code, late.stdout]).toEqual([1, `${subscription}: no decision is kept of it\n`]);
  const json = await run("list", "--overdue", "--json");
  expect([json.code, JSON.parse(json.stdout)]).toEqual([1, [{ subscription }]]);
  expect((await run("list", "--overdue", "--object", "another")).code).toBe(0);
});

test("without a subcommand the help is printed", async () => {
  const { stdout } = await run();
  expect(stdout).toContain("Usage: sluice decisions");
  expect(stdout).toContain("follow");
});
