import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../functions/local/playground/sigstore/json.ts";
import { isBundleToFlux } from "../../../shared/signature/flux/flux-bundle.ts";
import { edit, remove, set } from "../signature-corpus/edit.ts";
import { createBench, nextArtifact, OBJECT_RULE, sign, wordOf } from "./support.ts";

const { bundle } = sign(nextArtifact(), { format: "bundle-rekor1" });
const HONEST = JSON.parse(Buffer.from(bundle?.bytes ?? []).toString()) as JsonObject;
const MATERIAL = ["verificationMaterial"];
const ENTRIES = [...MATERIAL, "tlogEntries"];
const PROOF = [...ENTRIES, 0, "inclusionProof"];

const isOne = (json: JsonObject): boolean => isBundleToFlux(Buffer.from(JSON.stringify(json)));
const withType = (mediaType: string): JsonObject => set(HONEST, ["mediaType"], mediaType);
const { verificationMaterial: material = null, ...rest } = HONEST;

describe("what Flux takes for a bundle", () => {
  test.each([
    ["an honest one", HONEST],
    ["one whose signature is wrong", set(HONEST, ["dsseEnvelope", "signatures"], [])],
    ["one without entries", remove(HONEST, ENTRIES)],
    ["one with names of the other spelling", { ...rest, verification_material: material }],
    ["one of the older type", withType("application/vnd.dev.sigstore.bundle+json;version=0.3")],
    ["one of a patch version", withType("application/vnd.dev.sigstore.bundle.v0.3.1+json")],
    ["a bare message's", set(remove(HONEST, ["dsseEnvelope"]), ["messageSignature"], {})],
    ["a key's", set(remove(HONEST, [...MATERIAL, "certificate"]), [...MATERIAL, "publicKey"], {})],
  ])("%s", (_, json) => {
    expect(isOne(json)).toBe(true);
  });

  test.each([
    ["another version", withType("application/vnd.dev.sigstore.bundle.v0.4+json")],
    ["version 0.2", withType("application/vnd.dev.sigstore.bundle+json;version=0.2")],
    ["a member nobody knows", set(HONEST, ["more"], true)],
    ["one member in both spellings", set(HONEST, [...MATERIAL, "tlog_entries"], [])],
    ["no content", remove(HONEST, ["dsseEnvelope"])],
    ["two contents", set(HONEST, ["messageSignature"], {})],
    ["no signer", remove(HONEST, [...MATERIAL, "certificate"])],
    ["two signers", set(HONEST, [...MATERIAL, "publicKey"], {})],
    ["a chain", set(remove(HONEST, [...MATERIAL, "certificate"]), [...MATERIAL, "x509CertificateChain"], {})],
    ["entries without a proof", remove(HONEST, PROOF)],
    ["an empty checkpoint", set(HONEST, [...PROOF, "checkpoint", "envelope"], "")],
    ["a proof without a checkpoint", remove(HONEST, [...PROOF, "checkpoint"])],
    ["an entry without a log", remove(HONEST, [...ENTRIES, 0, "logId"])],
    ["an entry without a kind", remove(HONEST, [...ENTRIES, 0, "kindVersion"])],
    ["an entry whose body is no JSON", set(HONEST, [...ENTRIES, 0, "canonicalizedBody"], "AAAA")],
    ["too many entries", edit(HONEST, ENTRIES, (old) => Array(33).fill((old as object[])[0]))],
  ])("not one with %s", (_, json) => {
    expect(isOne(json)).toBe(false);
  });

  test("not what is no JSON", () => {
    expect(isBundleToFlux(Buffer.from("bundle"))).toBe(false);
  });

  test("what is none hides no older signature", async () => {
    const artifact = nextArtifact();
    const bench = createBench();
    const steps = { bundle: (honest: JsonObject) => set(honest, ["more"], true) };
    bench.push(sign(artifact, { format: "bundle-rekor1", steps }).manifest);
    bench.push(sign(artifact, { format: "legacy" }).manifest);
    expect(wordOf((await bench.verify(artifact, OBJECT_RULE)).parity)).toBe("verified");
  });
});
