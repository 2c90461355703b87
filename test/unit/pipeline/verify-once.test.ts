import { expect, test } from "vitest";
import { createHarness, digestOf, subscriptionOf } from "./harness.ts";

test("a push is verified once for each rule, however many clusters' objects ask", async () => {
  const clusters = Array.from({ length: 20 }, (_, index) =>
    subscriptionOf({ id: `c${index}/OCIRepository/apps/app`, cluster: `c${index}` }),
  );
  const at = createHarness(clusters);
  at.tags.set("1.0.0", digestOf("1.0.0"));
  await at.sweep();
  at.verified.length = 0;
  const digest = await at.publish("1.1.0");
  expect(at.verified).toEqual([`r1 ${digest}`]);
  expect(at.decisions().filter((decision) => decision === "notify: verified 1.1.0")).toHaveLength(20);
});
