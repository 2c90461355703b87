import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createCertificateAuthority } from "../../../functions/local/playground/sigstore/certificate-authority.ts";
import {
  type TrustedRootContents,
  toTrustedRoot,
} from "../../../functions/local/playground/sigstore/trusted-root.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { PUBLIC_GOOD_SHA256, publicGoodRoot } from "../../../shared/signature/trust/public-good-root.ts";
import { parseTrustedRoot } from "../../../shared/signature/trust/trusted-root.ts";
import { createFixedRoots } from "../../../shared/signature/trust/trusted-root-source.ts";
import { NOW_MS, sigstore } from "./support.ts";

type Json = Record<string, unknown>;

const outcome = (json: unknown): string => {
  try {
    parseTrustedRoot(Buffer.from(typeof json === "string" ? json : JSON.stringify(json)));
    return "accepted";
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
};

/** Changes one member of one entry of a list. */
const change = (list: string, edit: (entry: Json) => Json): unknown => {
  const root = sigstore.trustedRoot as unknown as Record<string, readonly Json[]>;
  return { ...root, [list]: (root[list] ?? []).map((entry, index) => (index === 0 ? edit(entry) : entry)) };
};

const changeKey = (edit: (key: Json) => Json) =>
  change("tlogs", (log) => ({ ...log, publicKey: edit(log.publicKey as Json) }));

const withContents = (more: Partial<TrustedRootContents>): unknown =>
  toTrustedRoot({ ...sigstore.trustedRootContents, ...more });

describe("the shipped root", () => {
  const file = readFileSync(
    new URL("../../../shared/signature/trust/public-good-trusted-root.json", import.meta.url),
  );

  test("is the pinned one, byte for byte", () => {
    expect(createHash("sha256").update(file).digest("hex")).toBe(PUBLIC_GOOD_SHA256);
    expect(Buffer.from(publicGoodRoot())).toEqual(file);
  });

  test("is what the TUF client package embeds", () => {
    const seeds = JSON.parse(
      readFileSync(new URL("../../../node_modules/@sigstore/tuf/seeds.json", import.meta.url), "utf8"),
    );
    const [repository] = Object.values(seeds) as { targets: Record<string, string> }[];
    expect(Buffer.from(repository?.targets["trusted_root.json"] ?? "", "base64")).toEqual(file);
  });

  test("reads: two logs, two authorities, two certificate logs, one timestamp authority", () => {
    const root = parseTrustedRoot(publicGoodRoot());
    expect([root.logs.size, root.certificateAuthorities.length]).toEqual([2, 2]);
    expect([root.certificateLogs.size, root.timestampAuthorities.length]).toEqual([2, 1]);
    expect([...root.logs.values()].map(({ key }) => key.kind)).toEqual(["p256", "ed25519"]);
    expect(root.id).toBe(PUBLIC_GOOD_SHA256);
  });
});

describe("a root is read whole or not at all", () => {
  const others = createCertificateAuthority({ random: (bytes) => Buffer.alloc(bytes, 3), nowMs: NOW_MS });
  const [authority] = sigstore.trustedRootContents.certificateAuthorities;
  const [stamper] = sigstore.trustedRootContents.timestampAuthorities;
  if (authority === undefined || stamper === undefined) throw new Error("no authorities");
  const [intermediate, root] = authority.chain;
  const withChain = (chain: readonly (Uint8Array | undefined)[]) =>
    withContents({
      certificateAuthorities: [{ ...authority, chain: chain.filter((item) => item !== undefined) }],
    });
  const invalid = "TRUST_ROOT_INVALID";

  test.each([
    ["as it is", sigstore.trustedRoot, "accepted"],
    [
      "with an end of validity",
      changeKey((key) => ({
        ...key,
        validFor: { start: "2020-01-01T00:00:00Z", end: "2030-01-01T00:00:00Z" },
      })),
      "accepted",
    ],
    ["not JSON", "{", invalid],
    ["a name twice", '{"mediaType":"x","mediaType":"x"}', invalid],
    ["another media type", { ...sigstore.trustedRoot, mediaType: "application/json" }, invalid],
    ["an unknown field", { ...sigstore.trustedRoot, extra: [] }, invalid],
    ["a log without validity", changeKey(({ validFor: _, ...key }) => key), invalid],
    ["a log without a start", changeKey((key) => ({ ...key, validFor: {} })), invalid],
    [
      "a validity that ends before it starts",
      changeKey((key) => ({
        ...key,
        validFor: { start: "2030-01-01T00:00:00Z", end: "2020-01-01T00:00:00Z" },
      })),
      invalid,
    ],
    [
      "a time that does not exist",
      changeKey((key) => ({ ...key, validFor: { start: "2023-02-30T00:00:00Z" } })),
      invalid,
    ],
    [
      "a key of another type than it says",
      changeKey((key) => ({ ...key, keyDetails: "PKIX_ED25519" })),
      invalid,
    ],
    ["a key of an unknown type", changeKey((key) => ({ ...key, keyDetails: "PKIX_FUTURE" })), invalid],
    ["a key that is none", changeKey((key) => ({ ...key, rawBytes: "AAAA" })), invalid],
    ["another hash", change("tlogs", (log) => ({ ...log, hashAlgorithm: "SHA2_512" })), invalid],
    ["a log without an address", change("tlogs", (log) => ({ ...log, baseUrl: "" })), invalid],
    [
      "two logs of one id",
      withContents({ tlogs: sigstore.trustedRootContents.tlogs.flatMap((log) => [log, log]) }),
      invalid,
    ],
    [
      "a CT log without a start",
      change("ctlogs", (log) => ({ ...log, publicKey: { ...(log.publicKey as Json), validFor: {} } })),
      invalid,
    ],
    [
      "an authority without validity",
      change("certificateAuthorities", ({ validFor: _, ...ca }) => ca),
      invalid,
    ],
    ["an authority without certificates", withChain([]), invalid],
    ["a chain in the wrong order", withChain([root, intermediate]), invalid],
    ["a root alone", withChain([root]), "accepted"],
    ["an intermediate of another root", withChain([others.intermediate.certificate, root]), invalid],
    [
      "a chain broken by one bit",
      withChain([Buffer.concat([intermediate?.subarray(0, -1) ?? Buffer.alloc(0), Buffer.alloc(1)]), root]),
      invalid,
    ],
    ["a leaf in place of an authority", withChain([...stamper.chain]), invalid],
    [
      "a timestamp authority without its signing certificate",
      withContents({ timestampAuthorities: [{ ...stamper, chain: stamper.chain.slice(1) }] }),
      "accepted",
    ],
    [
      "a timestamp authority under another root",
      withContents({
        timestampAuthorities: [
          { ...stamper, chain: [...stamper.chain.slice(0, 1), others.root.certificate] },
        ],
      }),
      invalid,
    ],
    [
      "nothing in it",
      withContents({ tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] }),
      "accepted",
    ],
  ])("%s is %s", (_, json, expected) => {
    expect(outcome(json)).toBe(expected);
  });

  test("an authority that may not issue", () => {
    const powerless = createCertificateAuthority({
      random: (bytes) => Buffer.alloc(bytes, 5),
      nowMs: NOW_MS,
      distortRoot: (fields) => ({ ...fields, extensions: [] }),
    });
    expect(outcome(withChain(powerless.chain))).toBe(invalid);
  });

  test("is too large", () => {
    expect(outcome(`${JSON.stringify(sigstore.trustedRoot)}${" ".repeat(1024 * 1024)}`)).toBe(invalid);
  });
});

describe("roots by name", () => {
  const roots = createFixedRoots(publicGoodRoot(), new Map([["private", Buffer.from("{}")]]));

  test("no name is the default, always the same bytes", async () => {
    expect(await roots.read(undefined)).toBe(await roots.read(undefined));
    expect(await roots.read("private")).toEqual(Buffer.from("{}"));
  });

  test("an unknown name is an error", async () => {
    await expect(roots.read("other")).rejects.toMatchObject({ code: "TRUST_ROOT_INVALID" });
  });
});
