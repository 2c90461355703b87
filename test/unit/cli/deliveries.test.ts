import { beforeEach, describe, expect, test } from "vitest";
import { createDeliveriesCommand } from "../../../shared/cli/commands/deliveries.ts";
import type { DeadLetter } from "../../../shared/ports.ts";
import { runSluice } from "../../support/cli.ts";
import {
  createHarness,
  digestOf,
  type Harness,
  RECEIVER,
  START_MS,
  subscriptionOf,
} from "../pipeline/harness.ts";

let at: Harness;
let closed = 0;
let dead: DeadLetter[] = [];
const put: string[] = [];

beforeEach(async () => {
  at = createHarness();
  closed = 0;
  put.length = 0;
  dead = [
    {
      id: "m1",
      work: { kind: "deliver", receiver: RECEIVER },
      reason: "STATE_UNAVAILABLE: x",
      atMs: START_MS,
    },
  ];
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
});

const run = (...argv: readonly string[]) =>
  runSluice(["deliveries", ...argv], {
    nowMs: at.deps.clock.nowMs(),
    commands: [
      createDeliveriesCommand(async () => ({
        ...at.deps,
        deadLetters: {
          list: async () => dead,
          async replay(ids) {
            put.push(...ids);
            dead = dead.filter(({ id }) => !ids.includes(id));
            return ids.length;
          },
        },
        async close() {
          closed += 1;
        },
      })),
    ],
  });

const park = async (outcome: "too-large" | "gone" = "too-large"): Promise<void> => {
  at.world.outcome = outcome;
  await at.publish("1.1.0");
  at.world.outcome = "accepted";
};

describe("list", () => {
  test("shows what is outstanding, and closes what it opened", async () => {
    expect((await run("list")).stdout).toBe("nothing is outstanding\n");
    await park();
    const { stdout, code } = await run("list");
    expect(code).toBe(0);
    expect(stdout).toContain(RECEIVER);
    expect(stdout).toMatch(/1\.1\.0\s+parked\s+1\s+too-large\s+since now/);
    expect(closed).toBe(2);
  });

  test.each([
    [["--state", "due"], 0],
    [["--state", "parked"], 1],
    [["--reason", "too-large"], 1],
    [["--reason", "not-found"], 0],
    [["--receiver", "c/apps/other"], 0],
    [["--object", subscriptionOf().id], 1],
  ])("%j", async (argv, count) => {
    await park();
    expect(JSON.parse((await run("list", "--json", ...argv)).stdout)).toHaveLength(count);
  });

  test("with --overdue shows what nobody tried in time, and exits with 1 if there is any", async () => {
    at.world.outcome = "unreachable";
    await at.publish("1.1.0");
    const early = await run("list", "--overdue");
    expect([early.code, early.stdout]).toEqual([0, "nothing is overdue\n"]);
    at.setNow(at.deps.clock.nowMs() + 6 * 60_000);
    const late = await run("list", "--overdue");
    expect(late.code).toBe(1);
    expect(late.stdout).toContain(RECEIVER);
  });

  test("with --all shows what was accepted, and whether the cluster confirmed it", async () => {
    at.world.handling = { ...at.world.handling, confirmation: { withinMs: 60_000, repokes: 1 } };
    await at.publish("1.1.0");
    expect((await run("list", "--all")).stdout).toMatch(
      /accepted unconfirmed\s+1\s+accepted\s+again in 1 min/,
    );
  });
});

describe("show", () => {
  test("shows circuit, deliveries and requests of one receiver", async () => {
    await park("gone");
    const { stdout, code } = await run("show", RECEIVER);
    expect(code).toBe(0);
    expect(stdout).toMatch(/circuit\s+disabled now/);
    expect(stdout).toMatch(/gone\s+5 ms\s+disabled/);
    const json = JSON.parse((await run("show", RECEIVER, "--json")).stdout);
    expect(json).toMatchObject({ circuit: { state: "disabled" }, deliveries: [{ state: "disabled" }] });
  });

  test("shows what a receiver was told before thousands of others were", async () => {
    await park();
    const [mine] = at.state.all().filter(({ kind }) => kind === "attempt");
    if (mine?.kind !== "attempt") throw new Error("nothing was sent");
    const others = Array.from({ length: 6_000 }, (_, index) => ({
      ...mine,
      id: `other/${index}`,
      receiver: "c/apps/other",
    }));
    await at.state.commit(mine.subscription, 0, { records: others });
    const { attempts } = JSON.parse((await run("show", RECEIVER, "--json")).stdout);
    expect(attempts).toMatchObject([{ id: mine.id }]);
  });

  test("counts requests on over a replay", async () => {
    await park();
    await run("replay", "--receiver", RECEIVER);
    await at.drain();
    expect((await run("show", RECEIVER)).stdout).toMatch(/accepted\s+2 \(1 since replayed\)/);
  });

  test.each(["show", "enable"])("%s of one that nobody knows says no", async (verb) => {
    const { code, stdout, stderr } = await run(verb, "c/apps/nobody");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^sluice: c\/apps\/nobody: nothing was ever to be told to a receiver of this name; /,
    );
    const json = await run(verb, "c/apps/nobody", "--json");
    expect([json.code, JSON.parse(json.stdout).error.code]).toEqual([1, "ABSENT"]);
  });
});

describe("replay and enable", () => {
  test("make deliveries due again", async () => {
    await park();
    expect(await run("replay", "--receiver", RECEIVER)).toMatchObject({ code: 0, stdout: "1 due again\n" });
    await at.drain();
    expect(at.told()).toEqual(["1.1.0", "1.1.0"]);
    expect(await run("replay", "--all")).toMatchObject({ code: 1, stdout: "0 due again\n" });
  });

  test("say what is left because something else is selected", async () => {
    await park();
    await at.publish("1.2.0", "unsigned");
    expect((await run("replay", "--all")).stdout).toMatch(/^0 due again; 1 left/);
  });

  test("by time", async () => {
    await park();
    at.setNow(START_MS + 3_600_000);
    expect((await run("replay", "--parked-since", "30m")).code).toBe(1);
    expect((await run("replay", "--parked-since", "2h")).code).toBe(0);
  });

  test("never everything by mistake", async () => {
    for (const argv of [["replay"], ["dead", "--replay"]]) {
      const { code, stderr } = await run(...argv);
      expect(code).toBe(2);
      expect(stderr).toContain("say which");
    }
  });

  test("enable a receiver that said 410", async () => {
    await park("gone");
    expect(await run("enable", RECEIVER)).toMatchObject({ code: 0, stdout: "enabled; 1 due again\n" });
    expect((await run("enable", RECEIVER)).code).toBe(1);
  });
});

describe("dead", () => {
  test("lists dead messages", async () => {
    const { stdout } = await run("dead");
    expect(stdout).toContain(`deliver ${RECEIVER}`);
    expect(stdout).toContain("STATE_UNAVAILABLE: x");
    expect(JSON.parse((await run("dead", "--reason", "other", "--json")).stdout)).toEqual([]);
  });

  test("puts back what matches", async () => {
    expect(await run("dead", "--replay", "--receiver", "c/apps/other")).toMatchObject({ code: 1 });
    expect(put).toEqual([]);
    expect(await run("dead", "m1", "--replay")).toMatchObject({ code: 0, stdout: "1 back on the queue\n" });
    expect(put).toEqual(["m1"]);
  });
});
