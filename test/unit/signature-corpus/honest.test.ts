import { describe, expect, test } from "vitest";
import type { SignedEvidence } from "../../../functions/local/playground/sigstore/sign-request.ts";
import {
  type OracleOptions,
  verifyBundleWithLibrary,
  verifyLegacyWithLibrary,
} from "../../support/sigstore-oracle.ts";
import type { Scenario } from "./corpus-case.ts";
import { HONEST } from "./honest.ts";
import { toVerdict } from "./run-case.ts";
import { createWorld, toHonestScenario } from "./world.ts";

const world = createWorld();

const scenarios = HONEST.flatMap(({ name, formats, change }) =>
  formats.map((format) => {
    const make = (): Scenario => {
      const honest = toHonestScenario(world, format);
      return { ...honest, ...change(honest, world) };
    };
    return { title: `${name} [${format}]`, make };
  }),
);

describe("honest evidence verifies", () => {
  test.each(scenarios)("$title", async ({ make }) => {
    expect(await toVerdict(make())).toBe("verified");
  });

  test("in at least forty ways", () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(40);
  });
});

const toOracleOptions = ({ request }: Scenario): OracleOptions => {
  const isLogged = request.log ?? (request.format.startsWith("bundle") || request.identity !== undefined);
  return {
    tlogThreshold: isLogged ? 1 : 0,
    timestampThreshold: request.identity === undefined ? 0 : 1,
    ...(request.identity === undefined && request.key !== undefined
      ? { publicKey: request.key.publicPem }
      : {}),
  };
};

/** Throws where the other implementation refuses. */
const askLibrary = (scenario: Scenario, { bundle, layer }: SignedEvidence): string | undefined => {
  const options = toOracleOptions(scenario);
  if (bundle !== undefined) return verifyBundleWithLibrary(scenario.trustedRootJson, bundle.bytes, options);
  if (layer === undefined) throw new Error("no evidence");
  return verifyLegacyWithLibrary(scenario.trustedRootJson, layer, options);
};

/** Kinds of evidence that the other implementation does not read, in this form or at all. */
const UNREAD = /rekord|ed25519.*legacy|attested.*\[legacy/;

describe("a second implementation agrees", () => {
  const comparable = scenarios.filter(({ title }) => !UNREAD.test(title));
  test.each(comparable)("$title", ({ make }) => {
    const scenario = make();
    expect(() => askLibrary(scenario, scenario.sigstore.sign(scenario.request))).not.toThrow();
  });
});
