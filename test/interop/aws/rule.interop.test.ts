import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import { ecr } from "../../../shared/push/ecr.ts";
import { judgeEvents } from "../world/event-ruler.ts";
import { readPushPattern } from "../world/push-rule.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/events/ecr");
const files = readdirSync(FIXTURES).filter((file) => file.endsWith(".json"));
const textOf = (file: string): string => readFileSync(join(FIXTURES, file), "utf8");

/** Whether our own parser takes the event for news; malformed ones must come through, so that a person sees them. */
const isNews = (text: string): boolean => {
  const body = Buffer.from(text);
  const request = { method: "POST", path: "/", query: "", headers: {}, body };
  try {
    return ecr
      .parse(request, { platform: true, secrets: [], nowMs: 0 })
      .some(({ kind }) => kind !== "ignored");
  } catch (error) {
    if (error instanceof PipelineError) return true;
    throw error;
  }
};

describe("the rule for ECR's events, as AWS's own matcher reads it", () => {
  let verdicts: ReadonlyMap<string, boolean>;

  beforeAll(async () => {
    const events = files.map((file) => JSON.parse(textOf(file)) as unknown);
    const judged = await judgeEvents(await readPushPattern(), events);
    verdicts = new Map(files.map((file, at) => [file, judged[at] === true]));
  });

  test.each(files)("%s: lets through what is news, and nothing else", (file) => {
    expect(verdicts.get(file)).toBe(isNews(textOf(file)));
  });

  test("both verdicts occur", () => {
    expect(new Set(verdicts.values())).toEqual(new Set([true, false]));
  });
});
