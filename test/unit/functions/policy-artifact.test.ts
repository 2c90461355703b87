import { beforeEach, describe, expect, test } from "vitest";
import { openPolicyArtifact } from "../../../functions/wiring/policy/policy-artifact.ts";
import { advanceStamp } from "../../../functions/wiring/policy/policy-stamp.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import type { Digest } from "../../../shared/artifact/digest.ts";
import { createMemoryState } from "../../simulation/memory-state.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import { digestOf, verificationOf } from "../pipeline/harness.ts";

const SIGNAL = new AbortController().signal;
const REPOSITORY = { registry: "registry.test", repository: "acme/policy" };
const OLD = digestOf("old");
const NEW = digestOf("new");
const TRUST = {
  identities: [{ issuer: "^i$", subject: "^s$" }],
  keys: [],
  transparencyLog: "required",
  unverified: false,
} as const;

let signed: Map<Digest, string>;
let asked: Digest[];
beforeEach(() => {
  signed = new Map();
  asked = [];
});

const open = (reference: string, unverified = false) => {
  const registry = createMemoryRegistry();
  const manifest = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    bytes: Buffer.from("{}"),
    blobs: [],
  };
  registry.push(REPOSITORY, { ...manifest, digest: OLD });
  registry.push(REPOSITORY, { ...manifest, digest: NEW, tag: "latest" });
  const verifier = {
    async verify({ digest }: { readonly digest: Digest }) {
      asked.push(digest);
      return verificationOf(signed.get(digest) ?? "unsigned");
    },
  };
  const ports = { registry, verifier, secrets: createNodeSecrets({}), clock: { nowMs: () => 0 } };
  return openPolicyArtifact(
    ports,
    { reference: `registry.test/acme/policy${reference}`, trust: { ...TRUST, unverified } },
    SIGNAL,
  );
};

const refused = (why: string) => ({ code: "CATALOG_INVALID", message: expect.stringContaining(why) });

describe("an artifact of policy", () => {
  test("is what its tag names now, verified by that digest", async () => {
    signed.set(NEW, "verified");
    expect(await open(":latest")).toEqual({ ...REPOSITORY, digest: NEW });
    expect(asked).toEqual([NEW]);
  });

  test("stays the one whose digest is written, whatever the tag beside it names", async () => {
    signed.set(OLD, "verified").set(NEW, "verified");
    expect(await open(`:latest@${OLD}`)).toEqual({ ...REPOSITORY, digest: OLD });
    expect(asked).toEqual([OLD]);
  });

  test.each(["unsigned", "identity-mismatch"])("is refused where it is %s", async (word) => {
    signed.set(NEW, word);
    await expect(open(":latest")).rejects.toMatchObject(refused(`not verified (${word})`));
    await expect(open(`@${NEW}`)).rejects.toMatchObject(refused(`not verified (${word})`));
  });

  test("is asked nothing about where sluice.yaml says that nobody has to sign it", async () => {
    expect(await open(":latest", true)).toEqual({ ...REPOSITORY, digest: NEW });
    expect(asked).toEqual([]);
  });

  test.each([":absent", `@sha512:${"a".repeat(128)}`])(
    "is refused by a reference that names none: %s",
    async (reference) => {
      await expect(open(reference, true)).rejects.toMatchObject(refused("has no such artifact"));
    },
  );
});

describe("the newest policy that was in use", () => {
  const A = { version: "a", madeAtMs: 1_000 };
  const B = { version: "b", madeAtMs: 2_000 };

  test.each([
    { of: "an older one after a newer one is refused", steps: [A, B, A], ends: "refused" },
    {
      of: "the same content made again moves its time on",
      steps: [A, { ...A, madeAtMs: 2_000 }, A],
      ends: 2_000,
    },
    {
      of: "the same content made earlier moves nothing back",
      steps: [B, { ...B, madeAtMs: 1_000 }],
      ends: 2_000,
    },
    { of: "another of the same moment takes its place", steps: [A, { ...A, version: "c" }], ends: "c" },
  ])("$of", async ({ steps, ends }) => {
    const state = createMemoryState({ nowMs: () => 10_000 });
    const take = (one: typeof A) => advanceStamp(one, { state, key: "k", nowMs: 10_000, label: "policy" });
    const last = steps.at(-1) ?? A;
    for (const one of steps.slice(0, -1)) await take(one);
    if (ends === "refused") {
      await expect(take(last)).rejects.toMatchObject(refused("older than the one in use"));
      return;
    }
    await take(last);
    const value = (await state.loadDocument("k"))?.value;
    expect(value).toMatchObject(typeof ends === "number" ? { madeAtMs: ends } : { version: ends });
  });
});
