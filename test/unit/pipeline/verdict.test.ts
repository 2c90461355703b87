import { expect, test } from "vitest";
import { type ErrorCode, PipelineError } from "../../../shared/errors.ts";
import { judge, type Requirement, toRequirementId } from "../../../shared/pipeline/evaluate/verdict.ts";
import type { Verifier } from "../../../shared/ports.ts";
import { digestOf, REPOSITORY, ruleOf, verificationOf } from "./harness.ts";

const ARTIFACT = { ...REPOSITORY, digest: digestOf("a") };
const { signal } = new AbortController();

/** `strict/parity` by rule id. */
const verifierOf = (words: Readonly<Record<string, string>>): Verifier => ({
  async verify(_artifact, { id }) {
    const [strict = "unsigned", parity] = (words[id] ?? "unsigned").split("/");
    return verificationOf(strict, parity);
  },
});

const OWN = ruleOf("own", "object");
const REQUIRED = ruleOf("required");

test.each([
  ["every rule holds", { own: "verified", required: "verified" }, "verified"],
  ["the object's own does not", { own: "unsigned", required: "verified" }, "unsigned"],
  ["sluice.yaml's does not", { own: "verified", required: "identity-mismatch" }, "identity-mismatch"],
  ["none holds", {}, "unsigned"],
  ["Flux would refuse", { own: "verified/bad-log", required: "verified" }, "flux-would-refuse"],
  ["Flux would refuse what only we ask for", { own: "verified", required: "verified/bad-log" }, "verified"],
  ["Flux alone would take it", { own: "wrong-digest/verified", required: "verified" }, "wrong-digest"],
])("%s", async (_name, words, expected) => {
  const rules = [OWN, REQUIRED];
  const verdict = await judge(verifierOf(words), { kind: "rules", rules }, ARTIFACT, signal);
  expect(verdict.kind === "unverified" ? verdict.reason : verdict.kind).toBe(expected);
  expect(verdict.facts.rules).toHaveLength(2);
  if (verdict.kind === "unverified") expect(verdict.mayStillArrive).toBe(true);
});

test.each<[Requirement, object]>([
  [{ kind: "allowed" }, { kind: "allowed" }],
  [{ kind: "none" }, { kind: "unverified", reason: "no-identity-rule", mayStillArrive: false }],
  [
    { kind: "rules", rules: [] },
    { kind: "unverified", reason: "no-identity-rule", mayStillArrive: false },
  ],
])("%j asks nobody", async (requirement, expected) => {
  const verifier = {
    verify: () => {
      throw new Error("asked");
    },
  };
  expect(await judge(verifier, requirement, ARTIFACT, signal)).toMatchObject(expected);
});

test.each<[ErrorCode, string]>([
  ["REGISTRY_TOO_LARGE", "registry-unusable"],
  ["RECEIVER_ADDRESS_REFUSED", "registry-unusable"],
  ["REGISTRY_UNAVAILABLE", "throws"],
  ["TRUST_ROOT_INVALID", "throws"],
  ["STATE_UNAVAILABLE", "throws"],
])("a verifier that fails with %s: %s", async (code, expected) => {
  const verifier: Verifier = {
    async verify() {
      throw new PipelineError("planted", { code });
    },
  };
  const judged = judge(verifier, { kind: "rules", rules: [OWN] }, ARTIFACT, signal);
  if (expected === "throws") await expect(judged).rejects.toMatchObject({ code });
  else expect(await judged).toMatchObject({ kind: "unverified", reason: expected });
});

test("a bug in the verifier is no verdict", async () => {
  const verifier: Verifier = { verify: () => Promise.reject(new TypeError("bug")) };
  const judged = judge(verifier, { kind: "rules", rules: [OWN] }, ARTIFACT, signal);
  await expect(judged).rejects.toThrow(TypeError);
});

test("a requirement is named by its rules, in any order", () => {
  const idOf = (...rules: readonly (typeof OWN)[]) => toRequirementId({ kind: "rules", rules });
  expect(idOf(OWN, REQUIRED)).toBe(idOf(REQUIRED, OWN));
  const names = [idOf(OWN), idOf(REQUIRED), idOf(OWN, REQUIRED), idOf(ruleOf("own"))];
  expect(new Set([...names, "allowed", "none"]).size).toBe(6);
  expect(toRequirementId({ kind: "allowed" })).toBe("allowed");
});
