import { expect } from "vitest";
import { encodeWork } from "../../../shared/work-message.ts";

interface Listed {
  readonly id?: string;
  readonly decisionId?: string;
  readonly subscription?: string;
  readonly outcome?: string;
  readonly reason?: string;
}

/** Work that `evaluate` sets aside. */
export const MISROUTED = encodeWork({
  id: "misrouted",
  work: { kind: "deliver", receiver: "c/nowhere/nobody" },
});

/** Runs `sluice … --json` against a stage as a person does; answers with what it prints. Throws where it fails. */
export type Run = (...args: readonly string[]) => Promise<unknown>;

/** Of a stage with an accepted delivery to `object` by `receiver`, and `MISROUTED` sent to `evaluate`. */
export const expectCommandsToWork = async (run: Run, object: string, receiver: string): Promise<void> => {
  const list = async (...args: readonly string[]): Promise<readonly Listed[]> =>
    (await run(...args)) as readonly Listed[];
  const decisions = await list("decisions", "list", "--limit", "500");
  const told = decisions.find((one) => one.subscription === object && one.outcome === "notify");
  expect(told).toMatchObject({ reason: "verified" });
  const shown = await list("decisions", "show", told?.decisionId ?? "");
  expect(shown).toContainEqual(expect.objectContaining({ outcome: "accepted" }));
  expect(await list("deliveries", "list", "--all", "--object", object)).toContainEqual(
    expect.objectContaining({ state: "accepted" }),
  );
  expect(JSON.stringify(await run("deliveries", "show", receiver))).toContain(object);
  const why = ["--reason", "on the other kind's queue"];
  await expect.poll(() => list("deliveries", "dead", ...why), { timeout: 30_000 }).toHaveLength(1);
  expect(await run("deliveries", "dead", ...why, "--replay")).toEqual({ replayed: 1 });
};
