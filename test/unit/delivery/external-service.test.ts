import { describe, expect, test } from "vitest";
import { Secret } from "../../../shared/artifact/secret.ts";
import {
  type InputCandidate,
  isAuthorized,
  MAX_ANSWER_BYTES,
  toExternalServiceAnswer,
} from "../../../shared/delivery/external-service.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const VERSION = {
  tag: "1.4.2",
  digest: DIGEST,
  decisionId: "d-1",
  identity: { issuer: "https://issuer.example.com", subject: "https://github.com/acme" },
} as const;

const candidate = (id: string, extra: Partial<InputCandidate> = {}): InputCandidate => ({
  id,
  repository: { registry: "ghcr.io", repository: "acme/podinfo" },
  answeredBefore: false,
  version: VERSION,
  ...extra,
});

const { version: _none, ...bare } = candidate("new");

const read = (candidates: readonly InputCandidate[], limit = 100): unknown => {
  const answer = toExternalServiceAnswer(candidates, limit);
  return answer.kind === "answer" ? JSON.parse(new TextDecoder().decode(answer.body)) : answer.reason;
};

describe("the answer", () => {
  test("lists verified versions by id", () => {
    expect(read([candidate("b"), candidate("a")])).toEqual({
      inputs: ["a", "b"].map((id) => ({
        id,
        artifact: `ghcr.io/acme/podinfo@${DIGEST}`,
        url: "oci://ghcr.io/acme/podinfo",
        registry: "ghcr.io",
        repository: "acme/podinfo",
        tag: "1.4.2",
        digest: DIGEST,
        issuer: "https://issuer.example.com",
        subject: "https://github.com/acme",
        decision: "d-1",
      })),
    });
  });

  test("has an empty list, never none, while nothing was verified yet", () => {
    expect(read([])).toEqual({ inputs: [] });
    expect(read([bare])).toEqual({ inputs: [] });
  });

  test("leaves out what has no verified version yet", () => {
    expect(read([bare, candidate("b")])).toMatchObject({ inputs: [{ id: "b" }] });
  });

  test("is refused when a version that was answered before is not known", () => {
    // Leaving it out would be an order to delete it.
    expect(read([{ ...bare, answeredBefore: true }, candidate("b")])).toBe("version-missing");
  });

  test("is refused rather than cut", () => {
    const many = Array.from({ length: 101 }, (_, index) => candidate(`id-${index}`));
    expect(read(many)).toBe("too-many");
    expect(read(many, 101)).toMatchObject({ inputs: { length: 101 } });
    const long = { ...VERSION, tag: "t".repeat(MAX_ANSWER_BYTES) };
    expect(read([candidate("a", { version: long })])).toBe("too-large");
    expect(read([candidate("a"), candidate("a")])).toBe("duplicate-id");
  });
});

describe("who may ask", () => {
  const tokens = [new Secret("current\n"), new Secret("previous"), new Secret('p@ss"$w:rd%')];
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

  test.each([
    ["Bearer current"],
    ["bearer  previous"],
    [basic("sluice:current")],
    [basic(":previous")],
    // The operator sends what its Secret holds, whatever bearer tokens should be made of.
    ['Bearer p@ss"$w:rd%'],
    [basic('x:p@ss"$w:rd%')],
  ])("%s is let in", (header) => {
    expect(isAuthorized(header, tokens)).toBe(true);
  });

  test.each([
    [undefined],
    [""],
    ["Bearer"],
    ["Bearer "],
    ["current"],
    ["Bearer curren"],
    ["Bearer current x"],
    ["Bearer current, Bearer current"],
    [basic("current")],
    [basic("current:other")],
    [`Bearer ${"a".repeat(5_000)}`],
  ])("%s is not", (header) => {
    expect(isAuthorized(header, tokens)).toBe(false);
  });

  test("nobody is without tokens, nor by an empty one", () => {
    expect(isAuthorized("Bearer current", [])).toBe(false);
    expect(isAuthorized(basic("user:"), [new Secret("\n")])).toBe(false);
  });
});
