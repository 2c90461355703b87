import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { type Cosign, createCosign, type Format, type VerifyOptions } from "./world/cosign.ts";
import {
  type PushedImage,
  pushBlob,
  pushImage,
  pushManifest,
  readBlob,
  readManifest,
} from "./world/images.ts";
import { type Sigstore, startSigstore } from "./world/sigstore.ts";
import type { SluiceVerifyOptions } from "./world/sluice.ts";
import { type Stage, startStage } from "./world/stage.ts";

const SCAN = "https://acme.example/scan/v1";
const hexOf = ({ digest }: PushedImage): string => digest.replace("sha256:", "");
const fallbackTag = (image: PushedImage): string => `sha256-${hexOf(image)}`;
const legacyTag = (image: PushedImage): string => `sha256-${hexOf(image)}.sig`;

/** Real signatures, moved, altered or made by somebody else: cosign refuses them, and so does Sluice, with a code. */
describe.skipIf(!isIsolated())("what cosign refuses, sluice verify refuses", () => {
  let stage: Stage;
  let otherSigstore: Sigstore;
  let otherCosign: Cosign;
  let images = 0;
  beforeAll(async () => {
    stage = await startStage();
    otherSigstore = await startSigstore(stage.world, {
      name: "other-sigstore",
      timestampsOf: stage.sigstore,
    });
    otherCosign = await createCosign(stage.world, 3, otherSigstore, "other-cosign");
  });
  afterAll(() => stage?.world.close());

  const push = (repository = "acme/app") => {
    images += 1;
    return pushImage({
      host: stage.host("distribution-3"),
      repository,
      tag: `1.0.${images}`,
      text: `${images}`,
    });
  };

  const sign = (image: PushedImage, format: Format) =>
    stage.cosign(3).sign(image.reference, { format, by: { token: stage.token() } });

  const judge = async (
    image: PushedImage,
    format: Format,
    more: { cosign?: Partial<VerifyOptions>; sluice?: Partial<SluiceVerifyOptions> } = {},
  ) => {
    const cosign = await stage
      .cosign(3)
      .verify(image.reference, { format, expect: stage.release, ...more.cosign });
    const sluice = await stage.sluice.verify(image.reference, {
      expect: stage.release,
      trustedRootFile: stage.sigstore.trustedRootFile,
      transparencyLog: format === "bundle" ? "required" : "timestamp",
      ...more.sluice,
    });
    const { currentTestName } = expect.getState();
    noteSeen("refusals", {
      test: currentTestName,
      cosign: cosign.verified,
      sluice: sluice.verdict,
      reason: sluice.reason,
    });
    return { cosign: cosign.verified, verdict: sluice.verdict, reason: sluice.reason };
  };

  const refusedFor = (reason: string) => ({ cosign: false, verdict: "rejected", reason });
  const accepted = { cosign: true, verdict: "verified", reason: null };

  test("a bundle listed under another image's digest", async () => {
    const [signed, victim] = [await push(), await push()];
    await sign(signed, "bundle");
    const listed = await readManifest(signed.host, signed.repository, fallbackTag(signed));
    await pushManifest(victim.host, victim.repository, fallbackTag(victim), listed);
    expect(await judge(signed, "bundle")).toEqual(accepted);
    expect(await judge(victim, "bundle")).toEqual(refusedFor("payload-digest-mismatch"));
  });

  test("a legacy signature under another image's tag", async () => {
    const [signed, victim] = [await push(), await push()];
    await sign(signed, "legacy");
    const signature = await readManifest(signed.host, signed.repository, legacyTag(signed));
    await pushManifest(victim.host, victim.repository, legacyTag(victim), signature);
    expect(await judge(signed, "legacy")).toEqual(accepted);
    expect(await judge(victim, "legacy")).toEqual(refusedFor("payload-digest-mismatch"));
  });

  test("a legacy payload rewritten to name the image", async () => {
    const [signed, victim] = [await push(), await push()];
    await sign(signed, "legacy");
    const { host, repository } = signed;
    const signature = await readManifest(host, repository, legacyTag(signed));
    const [layer] = signature.layers ?? [];
    if (layer === undefined) throw new Error("the signature has no layer");
    const payload = (await readBlob(host, repository, layer.digest)).toString();
    const forged = await pushBlob(
      host,
      repository,
      Buffer.from(payload.replace(signed.digest, victim.digest)),
    );
    const manifest = { ...signature, layers: [{ ...layer, ...forged }] };
    await pushManifest(host, repository, legacyTag(victim), manifest);
    const answer = await judge(victim, "legacy");
    expect(answer).toMatchObject({ cosign: false, verdict: "rejected" });
    expect(answer.reason).toMatch(/^(signature-invalid|log-entry-mismatch|no-signed-time)$/);
  });

  test("a bundle whose statement was rewritten to name the image", async () => {
    const [signed, victim] = [await push(), await push()];
    await sign(signed, "bundle");
    const { host, repository } = signed;
    const index = await readManifest(host, repository, fallbackTag(signed));
    const [entry] = index.manifests ?? [];
    const referrer = await readManifest(host, repository, entry?.digest ?? "");
    const [layer] = referrer.layers ?? [];
    const bundle = JSON.parse((await readBlob(host, repository, layer?.digest ?? "")).toString());
    const statement = Buffer.from(bundle.dsseEnvelope.payload, "base64").toString();
    bundle.dsseEnvelope.payload = Buffer.from(statement.replace(hexOf(signed), hexOf(victim))).toString(
      "base64",
    );
    const blob = await pushBlob(host, repository, Buffer.from(JSON.stringify(bundle)));
    const subject = { mediaType: victim.mediaType, digest: victim.digest, size: victim.size };
    const forged = await pushManifest(host, repository, undefined, {
      ...referrer,
      subject,
      layers: [{ ...layer, ...blob }],
    });
    const { digest, size } = forged;
    const listed = { ...index, manifests: [{ ...entry, digest, size }] };
    await pushManifest(host, repository, fallbackTag(victim), listed);
    const answer = await judge(victim, "bundle");
    expect(answer).toMatchObject({ cosign: false, verdict: "rejected" });
    expect(answer.reason).toMatch(/^(signature-invalid|inclusion-proof-invalid|log-entry-mismatch)$/);
  });

  test.each(["bundle", "legacy"] as const)(
    "the same identity, certified by another Sigstore (%s)",
    async (format) => {
      const image = await push();
      const token = otherSigstore.mintToken({ repository: "acme/app", ref: "refs/tags/v1.2.3" });
      await otherCosign.sign(image.reference, { format, by: { token } });
      const here = { ...stage.release, issuer: otherSigstore.issuer };
      const answer = await judge(image, format, { cosign: { expect: here }, sluice: { expect: here } });
      expect(answer).toMatchObject({ cosign: false, verdict: "rejected" });
      expect(answer.reason).toMatch(/^(certificate-untrusted|log-unknown|timestamp-untrusted)$/);
      const { trustedRootFile } = otherSigstore;
      const there = await stage.sluice.verify(image.reference, {
        expect: here,
        trustedRootFile,
        transparencyLog: format === "bundle" ? "required" : "timestamp",
      });
      expect(there.verdict).toBe("verified");
    },
  );

  test.each([
    { what: "another repository", claims: { repository: "evil/app" } },
    { what: "a repository with a similar name", claims: { repository: "acme/app-fork" } },
    { what: "a branch instead of a tag", claims: { ref: "refs/heads/main" } },
    { what: "another workflow", claims: { workflowFile: ".github/workflows/test.yaml" } },
  ])("signed from $what", async ({ claims }) => {
    const image = await push();
    await stage.cosign(3).sign(image.reference, { format: "bundle", by: { token: stage.token(claims) } });
    expect(await judge(image, "bundle")).toEqual(refusedFor("identity-mismatch"));
  });

  test("an issuer of the right subject's name at another address", async () => {
    const image = await push();
    await sign(image, "bundle");
    const elsewhere = { ...stage.release, issuer: "https://token.actions.githubusercontent.com" };
    const answer = await judge(image, "bundle", {
      cosign: { expect: elsewhere },
      sluice: { expect: elsewhere },
    });
    expect(answer).toEqual(refusedFor("identity-mismatch"));
  });

  test.each(["bundle", "legacy"] as const)(
    "somebody else's signature beside the right one does no harm (%s)",
    async (format) => {
      const image = await push();
      const evil = stage.token({ repository: "evil/app" });
      await stage.cosign(3).sign(image.reference, { format, by: { token: evil } });
      expect(await judge(image, format)).toEqual(refusedFor("identity-mismatch"));
      await sign(image, format);
      expect(await judge(image, format)).toEqual(accepted);
    },
  );

  test("attestations: the type asked for, by whom it was asked", async () => {
    const image = await push();
    const options = { format: "bundle" as const, type: SCAN, by: { token: stage.token() } };
    await stage.cosign(3).attest(image.reference, { passed: true }, options);
    const ask = async (type: string, who = stage.release) => {
      const cosign = await stage
        .cosign(3)
        .verifyAttestation(image.reference, { format: "bundle", type, expect: who });
      const { trustedRootFile } = stage.sigstore;
      const sluice = await stage.sluice.verify(image.reference, {
        expect: who,
        trustedRootFile,
        predicateType: type,
      });
      return { cosign: cosign.verified, verdict: sluice.verdict, reason: sluice.reason };
    };
    expect(await ask(SCAN)).toEqual(accepted);
    expect(await ask("https://acme.example/other/v1")).toEqual(refusedFor("predicate-type-mismatch"));
    expect(await ask(SCAN, stage.somebodyElse)).toEqual(refusedFor("identity-mismatch"));
  });

  // Where we differ on purpose, by code.
  test("deviation predicate-type-mismatch: an attestation alone is not a signature", async () => {
    const image = await push();
    const options = { format: "bundle" as const, type: SCAN, by: { token: stage.token() } };
    await stage.cosign(3).attest(image.reference, { passed: false }, options);
    expect(await judge(image, "bundle")).toEqual({
      cosign: true,
      verdict: "rejected",
      reason: "predicate-type-mismatch",
    });
  });

  test.each(["bundle", "legacy"] as const)("a signature kept in another repository (%s)", async (format) => {
    const image = await push();
    const signatureRepository = `${image.host}/acme/signatures`;
    const by = { token: stage.token() };
    await stage.cosign(3).sign(image.reference, { format, by, signatureRepository });
    expect(await judge(image, format)).toEqual(refusedFor("unsigned"));
    const answer = await judge(image, format, {
      cosign: { signatureRepository },
      sluice: { signatureRepository },
    });
    expect(answer).toEqual(accepted);
  });
});
