import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { type Expected, isLogged, type SignOptions, type VerifyOptions } from "./world/cosign.ts";
import { type PushedImage, pushImage, pushIndex } from "./world/images.ts";
import type { Registry } from "./world/registries.ts";
import type { SluiceReport } from "./world/sluice.ts";
import { type Stage, startStage } from "./world/stage.ts";

interface Way extends Omit<SignOptions, "by"> {
  readonly on: Registry["kind"];
  readonly cosign: 2 | 3;
  readonly signer: "keyless" | "keyed";
}

const ways: readonly Way[] = (
  [
    ["distribution-2", 3, "keyless", "bundle"],
    ["distribution-2", 3, "keyed", "bundle"],
    ["distribution-2", 3, "keyless", "legacy"],
    ["distribution-2", 3, "keyed", "legacy"],
    ["distribution-2", 2, "keyless", "legacy"],
    ["distribution-2", 2, "keyed", "legacy"],
    ["distribution-2", 2, "keyless", "bundle"],
    ["distribution-2", 2, "keyed", "bundle"],
    ["distribution-3", 3, "keyless", "bundle"],
    ["distribution-3", 3, "keyless", "legacy"],
    ["referrers", 3, "keyless", "bundle"],
    ["referrers", 3, "keyed", "bundle"],
    ["referrers", 3, "keyless", "legacy"],
    ["referrers", 2, "keyless", "bundle"],
    ["referrers", 2, "keyless", "legacy"],
  ] as const
).flatMap(([on, cosign, signer, format]) => [
  { on, cosign, signer, format },
  ...(on === "distribution-2"
    ? [{ on, cosign, signer, format, annotations: { build: "42", by: "ci" } }]
    : []),
]);

describe.skipIf(!isIsolated())("sluice verify and cosign verify agree", () => {
  let stage: Stage;
  let images = 0;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.world.close());

  const nextName = (way: Way) => {
    images += 1;
    return {
      host: stage.host(way.on),
      repository: `acme/app-${images}`,
      tag: "v1.2.3",
      text: `image ${images}`,
    };
  };

  /** The least that a rule must ask for so that this way of signing can satisfy it. */
  const logOf = (way: Way) => {
    if (isLogged(way.cosign, way)) return "required";
    return way.signer === "keyed" ? "none" : "timestamp";
  };

  const ask = async (
    way: Way,
    { reference }: PushedImage,
    expect: Expected,
    options: Partial<VerifyOptions> = {},
  ) => {
    const cosign = await stage
      .cosign(way.cosign)
      .verify(reference, { format: way.format, expect, ...options });
    const sluice = await stage.sluice.verify(reference, {
      expect,
      trustedRootFile: stage.sigstore.trustedRootFile,
      transparencyLog: options.requireLog ? "required" : logOf(way),
    });
    return { cosign: cosign.verified, sluice };
  };

  const seen = (way: Way, what: string, { cosign, sluice }: { cosign: boolean; sluice: SluiceReport }) =>
    noteSeen("sluice beside cosign", {
      ...way,
      what,
      cosignVerified: cosign,
      sluice: sluice.verdict,
      reason: sluice.reason,
    });

  test.each(ways)("cosign $cosign, $signer, $format, on $on, annotations $annotations", async (way) => {
    const image = await pushImage(nextName(way));
    const { by, right, wrong } = stage.party(way.signer);
    const cosign = stage.cosign(way.cosign);

    const before = await ask(way, image, right);
    expect(before).toMatchObject({ cosign: false, sluice: { verdict: "rejected", reason: "unsigned" } });

    await cosign.sign(image.reference, { ...way, by });
    const accepted = await ask(way, image, right);
    seen(way, "who signed it", accepted);
    expect(accepted).toMatchObject({ cosign: true, sluice: { verdict: "verified", reason: null } });
    if (way.signer === "keyless") {
      expect(accepted.sluice.identity).toEqual({
        issuer: stage.sigstore.issuer,
        subject: "https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1.2.3",
      });
    }

    const refused = await ask(way, image, wrong);
    seen(way, "somebody else", refused);
    const reason = way.signer === "keyless" ? "identity-mismatch" : "key-mismatch";
    expect(refused).toMatchObject({ cosign: false, sluice: { verdict: "rejected", reason } });
  });

  const unlogged = ways.filter((way) => way.annotations === undefined && !isLogged(way.cosign, way));
  test.each(unlogged)(
    "without a log entry: cosign $cosign, $signer, $format, on $on is refused where one is required",
    async (way) => {
      const image = await pushImage(nextName(way));
      const { by, right } = stage.party(way.signer);
      await stage.cosign(way.cosign).sign(image.reference, { ...way, by });
      const refused = await ask(way, image, right, { requireLog: true });
      seen(way, "log required", refused);
      expect(refused).toMatchObject({
        cosign: false,
        sluice: { verdict: "rejected", reason: "no-transparency-log" },
      });
    },
  );

  const multiArch = ways.filter(
    ({ annotations, on, cosign, signer }) =>
      annotations === undefined && on !== "distribution-3" && (signer === "keyed") === (cosign === 2),
  );
  test.each(multiArch.flatMap((way) => [way, { ...way, recursive: true }]))(
    "multi-arch: cosign $cosign, $signer, $format, on $on, recursive $recursive",
    async (way) => {
      const index = await pushIndex(nextName(way));
      const { by, right, wrong } = stage.party(way.signer);
      await stage.cosign(way.cosign).sign(index.reference, { ...way, by });
      expect(await ask(way, index, right)).toMatchObject({ cosign: true, sluice: { verdict: "verified" } });
      expect(await ask(way, index, wrong)).toMatchObject({ cosign: false, sluice: { verdict: "rejected" } });
      for (const platform of index.platforms) {
        const answer = await ask(way, platform, right);
        const signed = way.recursive === true;
        expect(answer).toMatchObject({
          cosign: signed,
          sluice: { verdict: signed ? "verified" : "rejected" },
        });
        if (!signed) expect(answer.sluice.reason).toBe("unsigned");
      }
    },
  );

  test("a legacy signature stored as a referrer", async () => {
    const way: Way = {
      on: "referrers",
      cosign: 2,
      signer: "keyless",
      format: "legacy",
      asReferrer: true,
    };
    const image = await pushImage(nextName(way));
    const { by, right, wrong } = stage.party(way.signer);
    await stage.cosign(2).sign(image.reference, { ...way, by });
    const accepted = await ask(way, image, right, { asReferrer: true });
    seen(way, "who signed it", accepted);
    expect(accepted).toMatchObject({ cosign: true, sluice: { verdict: "verified" } });
    const refused = await ask(way, image, wrong, { asReferrer: true });
    expect(refused).toMatchObject({
      cosign: false,
      sluice: { verdict: "rejected", reason: "identity-mismatch" },
    });
  });
});
