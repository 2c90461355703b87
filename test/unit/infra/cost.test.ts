import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AWS_COST } from "../../../infra/aws/cost.ts";
import { AZURE_COST } from "../../../infra/azure/cost.ts";
import { costOfMillion, readPrices, toCostTable } from "../../../infra/cost.ts";
import { GOOGLE_COST } from "../../../infra/gcp/cost.ts";

const SHEETS = { AWS: AWS_COST, Azure: AZURE_COST, Google: GOOGLE_COST };

describe.each(Object.entries(SHEETS))("what a million pushes cost on %s", (_cloud, sheet) => {
  const prices = readPrices(sheet);
  const columns = Object.values(sheet.columns).flat();

  test.each(Object.entries(prices))(
    "%s has a source, a day, and says how its use is known",
    (_name, thing) => {
      expect(thing.source).toMatch(/^https:\/\//);
      expect(thing.asOf).toMatch(/^20\d\d-[01]\d-[0-3]\d$/);
      expect(thing.known).toMatch(/^(?:counted|estimate)\b/);
    },
  );

  test("counts all that a push or a cluster uses, once", () => {
    const used = Object.keys(prices).filter((name) => {
      const { push = 0, cluster = 0 } = prices[name]?.use ?? {};
      return push + cluster > 0;
    });
    expect([...columns].sort()).toEqual(used.sort());
  });

  test("grows with each cluster, and by the same amount", () => {
    const total = (clusters: number): number =>
      costOfMillion(sheet, clusters).reduce((sum, one) => sum + one, 0);
    const [first, second, third] = [total(1), total(2), total(3)];
    expect(second).toBeGreaterThan(first);
    expect(third - second).toBeCloseTo(second - first, 6);
  });
});

test("a bill by hand: one push is the dollars of each thing that it uses", () => {
  // 0.6 + 2 × 0.125 GB-seconds at $13.3334 a million, and three invocations at $0.20 a million.
  expect(costOfMillion(AWS_COST, 2)[0]).toBeCloseTo(0.85 * 13.3334 + 3 * 0.2, 6);
});

test("what shares an instance shares its seconds, and nothing else", () => {
  const [alone = 0, ...others] = costOfMillion(AZURE_COST, 1, 1);
  const [shared = 0, ...same] = costOfMillion(AZURE_COST, 1, 8);
  expect(shared).toBeCloseTo((alone - 0.8) / 8 + 0.8, 6);
  expect(same).toEqual(others);
});

test("a thing without a price is an error, not free", () => {
  expect(() => toCostTable({ ...AWS_COST, columns: { Lambda: ["gbSecond"] } })).toThrow(
    /no price for gbSecond/,
  );
});

test("AWS: as many alarms are paid for as there are", () => {
  const alarms = readFileSync(new URL("../../../infra/aws/alarms.yml", import.meta.url), "utf8");
  const { alarm } = readPrices(AWS_COST);
  expect(alarm?.use.month).toBe(alarms.match(/Type: AWS::CloudWatch::Alarm$/gm)?.length);
});
