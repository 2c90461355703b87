import { describe, expect, test } from "vitest";
import type { KeyKind } from "../../../functions/local/playground/sigstore/keys.ts";
import type { VerifyRule } from "../../../shared/ports.ts";
import { createKeyPair, IDENTITY, IDENTITY_RULE, NOW_MS, verifyNew, wordOf } from "./support.ts";

const KINDS: readonly KeyKind[] = ["p256", "p384", "p521", "ed25519", "rsa2048"];

const keyRule = (keys: readonly string[], more: Partial<VerifyRule> = {}): VerifyRule => ({
  id: "keys",
  origin: "sluice",
  identities: [],
  keys,
  transparencyLog: "none",
  ...more,
});

describe.each(KINDS)("a %s key", (kind) => {
  const key = createKeyPair(kind);
  const other = createKeyPair(kind);

  test.each(["bundle-rekor1", "legacy"] as const)("verifies %s without and with the log", async (format) => {
    for (const transparencyLog of ["none", "required"] as const) {
      const { strict } = await verifyNew(
        { format, key, log: true },
        keyRule([key.publicPem], { transparencyLog }),
      );
      expect(strict).toMatchObject({ verified: true, keyId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    }
  });

  test.each(["bundle-rekor1", "legacy"] as const)("refuses %s by another key", async (format) => {
    const { strict } = await verifyNew({ format, key: other }, keyRule([key.publicPem]));
    expect(wordOf(strict)).toBe("key-mismatch");
  });

  test("is one of several", async () => {
    const rule = keyRule([other.publicPem, key.publicPem]);
    const { strict } = await verifyNew({ format: "bundle-rekor1", key }, rule);
    expect(wordOf(strict)).toBe("verified");
  });
});

describe("what a rule with keys asks for", () => {
  const key = createKeyPair("p256");

  test.each([
    [
      "legacy without a log entry, log required",
      { format: "legacy", log: false },
      "required",
      "no-transparency-log",
    ],
    ["legacy without a log entry, none required", { format: "legacy", log: false }, "none", "verified"],
    [
      "legacy with a timestamp only",
      { format: "legacy", log: false, timestamp: true },
      "timestamp",
      "verified",
    ],
    ["legacy without a timestamp", { format: "legacy", log: true }, "timestamp", "no-signed-time"],
    ["bundle with Rekor v2", { format: "bundle-rekor2" }, "required", "verified"],
    [
      "bundle without a log entry",
      { format: "bundle-rekor1", log: false },
      "required",
      "no-transparency-log",
    ],
    [
      "bundle without a log entry, none required",
      { format: "bundle-rekor1", log: false },
      "none",
      "verified",
    ],
  ] as const)("%s", async (_, request, transparencyLog, expected) => {
    const { strict } = await verifyNew({ ...request, key }, keyRule([key.publicPem], { transparencyLog }));
    expect(wordOf(strict)).toBe(expected);
  });

  test("a keyless bundle does not satisfy a rule with keys, even by the certificate's own key", async () => {
    const request = { format: "bundle-rekor1", key, identity: IDENTITY } as const;
    const { strict } = await verifyNew(request, keyRule([key.publicPem]));
    expect(wordOf(strict)).toBe("key-expected");
  });

  test("a keyed signature does not satisfy a rule with identities", async () => {
    for (const format of ["bundle-rekor1", "legacy"] as const) {
      const { strict } = await verifyNew({ format, key, log: true }, IDENTITY_RULE);
      expect(wordOf(strict)).toBe("certificate-missing");
    }
  });

  test("a certificate beside a key's signature must be in force", async () => {
    const rule = keyRule([key.publicPem]);
    const fresh = await verifyNew({ format: "legacy", key, identity: IDENTITY }, rule);
    expect(wordOf(fresh.strict)).toBe("verified");
    const atMs = NOW_MS - 60 * 60 * 1000;
    const stale = await verifyNew({ format: "legacy", key, identity: IDENTITY, atMs }, rule);
    expect(wordOf(stale.strict)).toBe("certificate-expired");
  });

  test("and be that key's own", async () => {
    const request = { format: "legacy", identity: IDENTITY, steps: { contentKey: () => key } } as const;
    const { strict } = await verifyNew(request, keyRule([key.publicPem]));
    expect(wordOf(strict)).toBe("key-mismatch");
  });
});
