import { expect, test } from "vitest";
import { formatProblem } from "../../../shared/config/problem.ts";
import { checkConfig } from "../../../shared/config.ts";

const problemsOf = (a: string, b: string): readonly string[] => {
  const clusters = [`{name: a, manifests: {folder: x}, ${a}}`, `{name: b, manifests: {folder: y}, ${b}}`];
  const text = `mode: observe\nclusters:\n- ${clusters.join("\n- ")}\n`;
  const result = checkConfig(text, { file: "sluice.yaml", baseFolder: "/etc/sluice" });
  return result.ok ? [] : result.problems.map(formatProblem);
};

const at = (key: string): string =>
  `sluice.yaml:4: clusters[1].${key}: is cluster a's as well, and one could pass for the other; give each its own`;

test.each([
  {
    of: "an audience",
    a: "receiver: {baseUrl: https://a, audience: flux}",
    b: "receiver: {baseUrl: https://b, audience: flux}",
    expected: at("receiver.audience"),
  },
  {
    of: "an audience of single Receivers",
    a: "receiver: {baseUrl: https://a, audience: flux}",
    b: "receiver: {baseUrl: https://b, audiences: {apps/one: flux}}",
    expected: at('receiver.audiences["apps/one"]'),
  },
  {
    of: "the secret of their events",
    a: "confirmation: {secrets: [{env: OLD}, {env: K}]}",
    b: "confirmation: {secrets: [{env: K}]}",
    expected: at("confirmation.secrets[0]"),
  },
  {
    of: "the token for their inputs",
    a: "inputs: {tokens: [{file: t}]}",
    b: "inputs: {tokens: [{file: u}, {file: t}]}",
    expected: at("inputs.tokens[1]"),
  },
])("no two clusters have $of", ({ a, b, expected }) => {
  expect(problemsOf(a, b)).toEqual([expected]);
});

test.each([
  {
    of: "an audience for several of its Receivers",
    a: "receiver: {baseUrl: https://a, audience: flux-a, audiences: {apps/one: flux-a, apps/two: flux-a}}",
    b: "receiver: {baseUrl: https://b, audience: flux-b}",
  },
  {
    of: "one token for what it says and what it asks",
    a: "confirmation: {secrets: [{env: K}]}, inputs: {tokens: [{env: K}]}",
    b: "confirmation: {secrets: [{env: L}]}, inputs: {tokens: [{env: L}]}",
  },
])("one cluster may have $of", ({ a, b }) => {
  expect(problemsOf(a, b)).toEqual([]);
});
