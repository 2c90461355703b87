import { expect, test } from "vitest";
import { createRequirements, type RepositoryRule } from "../../../shared/pipeline/evaluate/requirement.ts";
import { ruleOf, subscriptionOf } from "./harness.ts";

const OWN = ruleOf("own", "object");
const required = (repository: string, id: string, deadlineMs = 5): RepositoryRule => ({
  matches: (name) => name.repository.startsWith(repository),
  requires: id === "allow" ? "allow" : ruleOf(id),
  deadlineMs,
});

test.each([
  ["nobody asks", [], [], "none"],
  ["the object alone", [OWN], [], "own"],
  ["sluice.yaml alone", [], [required("acme", "r1")], "r1"],
  ["both", [OWN], [required("acme", "r1"), required("acme/app", "r2")], "own r1 r2"],
  ["another repository's rule", [], [required("other", "r1")], "none"],
  ["allow", [], [required("acme", "allow")], "allowed"],
  ["allow does not loosen the object's own", [OWN], [required("acme", "allow")], "own"],
  ["allow does not loosen another rule", [], [required("acme", "allow"), required("acme", "r1")], "r1"],
])("%s", (_name, own, rules, expected) => {
  const { requirementOf } = createRequirements(rules, 1);
  for (let asked = 0; asked < 2; asked++) {
    const requirement = requirementOf(subscriptionOf({ rules: own }));
    const ids =
      requirement.kind === "rules" ? requirement.rules.map(({ id }) => id).join(" ") : requirement.kind;
    expect(ids).toBe(expected);
  }
});

test.each([
  [[], 1],
  [[required("acme", "r1", 7), required("acme", "r2", 9), required("other", "r3", 20)], 9],
])("the longest deadline of the rules that match counts", (rules, expected) => {
  expect(createRequirements(rules, 1).evidenceDeadlineMsOf(subscriptionOf())).toBe(expected);
});
