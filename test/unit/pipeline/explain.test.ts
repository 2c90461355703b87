import { expect, test } from "vitest";
import { explain } from "../../../shared/pipeline/evaluate/explain.ts";
import { createHarness, digestOf, type Harness, REPOSITORY, subscriptionOf } from "./harness.ts";

type Arrange = (at: Harness) => Promise<unknown>;

const publish =
  (tag: string, word?: string): Arrange =>
  (at) =>
    at.publish(tag, word);
const put =
  (tag: string, word: string): Arrange =>
  async (at) => {
    at.tags.set(tag, digestOf(tag));
    at.signed.set(digestOf(tag), word);
  };

test.each<[string, readonly Arrange[], string, readonly string[]]>([
  ["a verified newer one", [publish("1.0.0"), put("1.1.0", "verified")], "1.1.0", ["notify: verified"]],
  ["an unsigned newer one", [publish("1.0.0"), put("1.1.0", "unsigned")], "1.1.0", ["wait: unsigned"]],
  ["an older one", [publish("1.1.0"), put("1.0.0", "verified")], "1.0.0", ["ignore: not-newer"]],
  [
    "a signed one under an unsigned one",
    [publish("1.1.0", "unsigned"), put("1.0.0", "verified")],
    "1.0.0",
    ["reject: shadowed-by-unverified"],
  ],
  [
    "one that takes the place of a pending one",
    [publish("1.0.0", "unsigned"), put("1.1.0", "verified")],
    "1.1.0",
    ["ignore: superseded", "notify: verified"],
  ],
  ["what is selected already", [publish("1.0.0")], "1.0.0", []],
  ["a tag that is no version", [put("nightly", "verified")], "nightly", ["ignore: not-a-version"]],
  ["one before the first look", [put("1.0.0", "verified")], "1.0.0", ["notify: verified"]],
])("says what a push of %s would do, and changes nothing", async (_name, arrange, tag, expected) => {
  const at = createHarness();
  for (const step of arrange) await step(at);
  const before = JSON.stringify([await at.stateOf(), at.state.all(), at.queue.size(), at.sent.length]);
  const { digest, subscriptions } = await explain(at.deps, REPOSITORY, { tag }, at.signal);
  expect(digest).toBe(digestOf(tag));
  const said = subscriptions.flatMap(({ records }) =>
    records.map(({ outcome, reason }) => `${outcome}: ${reason}`),
  );
  expect(said).toEqual(expected);
  expect(JSON.stringify([await at.stateOf(), at.state.all(), at.queue.size(), at.sent.length])).toBe(before);
});

test.each([
  ["suspended", { suspended: true }, { tag: "1.0.0" }],
  ["untagged", {}, { digest: digestOf("1.0.0") }],
  [
    "other-digest",
    { selector: { kind: "digest", digest: digestOf("other") } },
    { digest: digestOf("1.0.0") },
  ],
] as const)("says %s", async (reason, changes, reference) => {
  const at = createHarness([subscriptionOf(changes)]);
  at.tags.set("1.0.0", digestOf("1.0.0"));
  const { subscriptions } = await explain(at.deps, REPOSITORY, reference, at.signal);
  expect(subscriptions[0]?.records).toMatchObject([{ outcome: "ignore", reason }]);
});

test("says that the reference names nothing", async () => {
  const at = createHarness();
  expect(await explain(at.deps, REPOSITORY, { tag: "1.0.0" }, at.signal)).toEqual({
    repository: REPOSITORY,
    tag: "1.0.0",
    subscriptions: [],
  });
});
