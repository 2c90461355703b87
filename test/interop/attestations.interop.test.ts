import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { type Expected, isLogged, type SignOptions } from "./world/cosign.ts";
import { type PushedImage, pushImage } from "./world/images.ts";
import type { Registry } from "./world/registries.ts";
import { type Stage, startStage } from "./world/stage.ts";

interface Way extends Pick<SignOptions, "format"> {
  readonly on: Registry["kind"];
  readonly cosign: 2 | 3;
  readonly signer: "keyless" | "keyed";
}

const SCAN = "https://acme.example/scan/v1";
const OTHER = "https://acme.example/other/v1";

const ways: readonly Way[] = [
  { on: "distribution-2", cosign: 3, signer: "keyless", format: "bundle" },
  { on: "referrers", cosign: 3, signer: "keyed", format: "bundle" },
  { on: "distribution-3", cosign: 2, signer: "keyless", format: "bundle" },
  { on: "distribution-2", cosign: 3, signer: "keyed", format: "legacy" },
  { on: "referrers", cosign: 2, signer: "keyless", format: "legacy" },
  { on: "distribution-2", cosign: 2, signer: "keyed", format: "legacy" },
];

/** What `cosign attest` leaves behind, in both storage formats. */
describe.skipIf(!isIsolated())("sluice verify and cosign verify-attestation agree", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.world.close());

  const logOf = ({ cosign, signer, format }: Way) => {
    if (isLogged(cosign, { format })) return "required";
    return signer === "keyed" ? "none" : "timestamp";
  };

  let images = 0;
  const push = (on: Registry["kind"]) => {
    images += 1;
    const repository = `acme/attested-${images}`;
    return pushImage({ host: stage.host(on), repository, tag: "v1", text: repository });
  };

  const ask = async (way: Way, { reference }: PushedImage, type: string, expect: Expected) => {
    const { format } = way;
    // Version 2 reads a trusted root for bundles alone.
    const { verified } = await stage.cosign(3).verifyAttestation(reference, {
      ...{ format, type, expect },
      withoutLog: !isLogged(way.cosign, way),
    });
    const { trustedRootFile } = stage.sigstore;
    const transparencyLog = logOf(way);
    const options = { expect, trustedRootFile, predicateType: type, transparencyLog } as const;
    const { verdict, reason } = await stage.sluice.verify(reference, options);
    noteSeen("attestations", { ...way, type, cosign: verified, sluice: verdict, reason });
    return { cosign: verified, verdict, reason };
  };

  const refused = (reason: string) => ({ cosign: false, verdict: "rejected", reason });

  test.each(ways)("cosign $cosign, $signer, $format, on $on", async (way) => {
    const { on, format, signer } = way;
    const image = await push(on);
    const { by, right, wrong } = stage.party(signer);
    expect(await ask(way, image, SCAN, right)).toEqual(refused("unsigned"));
    await stage.cosign(way.cosign).attest(image.reference, { passed: true }, { format, type: SCAN, by });
    expect(await ask(way, image, SCAN, right)).toEqual({ cosign: true, verdict: "verified", reason: null });
    expect(await ask(way, image, OTHER, right)).toEqual(refused("predicate-type-mismatch"));
    const reason = signer === "keyless" ? "identity-mismatch" : "key-mismatch";
    expect(await ask(way, image, SCAN, wrong)).toEqual(refused(reason));
  });

  test("an older attestation by cosign 3, whose timestamp is not of what verifiers look for", async () => {
    const way: Way = { on: "distribution-3", cosign: 3, signer: "keyless", format: "legacy" };
    const image = await push(way.on);
    const { by, right } = stage.party(way.signer);
    const { format } = way;
    await stage.cosign(3).attest(image.reference, { passed: true }, { format, type: SCAN, by });
    expect(await ask(way, image, SCAN, right)).toEqual(refused("timestamp-mismatch"));
  });
});
