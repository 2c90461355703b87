import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { type Cosign, createCosign, type Expected, type Format, type Signer } from "./world/cosign.ts";
import { listTags, pushImage } from "./world/images.ts";
import { type Registry, startDistribution, startReferrersRegistry } from "./world/registries.ts";
import { type Sigstore, startSigstore } from "./world/sigstore.ts";
import { createWorld, type World } from "./world/world.ts";

interface Case {
  readonly on: Registry["kind"];
  readonly cosign: 2 | 3;
  readonly format: Format;
  readonly signer: "keyless" | "keyed";
}

const everyWay = (["bundle", "legacy"] as const).flatMap((format) =>
  (["keyless", "keyed"] as const).flatMap((signer) =>
    ([3, 2] as const).map((cosign) => ({ cosign, format, signer })),
  ),
);

const cases: readonly Case[] = [
  ...everyWay.map((way) => ({ on: "distribution-2" as const, ...way })),
  ...(["distribution-3", "referrers"] as const).flatMap((on) =>
    (["bundle", "legacy"] as const).map((format) => ({
      on,
      cosign: 3 as const,
      format,
      signer: "keyless" as const,
    })),
  ),
];

/** The worlds themselves, judged by the real cosign alone: if these fail, nothing else here means anything. */
describe.skipIf(!isIsolated())("the real peers among themselves", () => {
  let world: World;
  let sigstore: Sigstore;
  const cosigns = new Map<2 | 3, Cosign>();
  const registries = new Map<Registry["kind"], Registry>();

  beforeAll(async () => {
    world = await createWorld();
    sigstore = await startSigstore(world);
    for (const version of [2, 3] as const) cosigns.set(version, await createCosign(world, version, sigstore));
    for (const registry of await Promise.all([
      startDistribution(world, { version: 2 }),
      startDistribution(world, { version: 3 }),
      startReferrersRegistry(world),
    ])) {
      registries.set(registry.kind, registry);
    }
  });
  afterAll(() => world?.close());

  const keyless = (subjectRegexp: string): Expected => ({ issuer: sigstore.issuer, subjectRegexp });

  const prepare = async (cosign: Cosign, { signer, on, format }: Case) => {
    if (signer === "keyed") {
      const key = await cosign.generateKeyPair(`right-${on}-${format}`);
      const other = await cosign.generateKeyPair(`other-${on}-${format}`);
      const by: Signer = { keyFile: key.privateKeyFile };
      return { by, right: { keyFile: key.publicKeyFile }, wrong: { keyFile: other.publicKeyFile } };
    }
    const by: Signer = { token: sigstore.mintToken({ repository: "acme/app", ref: "refs/tags/v1.2.3" }) };
    const right = keyless("^https://github\\.com/acme/app/\\.github/workflows/release\\.yaml@refs/tags/v");
    return { by, right, wrong: keyless("^https://github\\.com/evil/") };
  };

  test.each(cases)(
    "cosign $cosign signs $signer, $format, on $on; the real cosign verifies it and refuses another",
    async (entry) => {
      const { format } = entry;
      const host = registries.get(entry.on)?.host ?? "";
      const cosign = cosigns.get(entry.cosign);
      if (cosign === undefined) throw new Error("no such cosign");
      const repository = `acme/app-${cosign.version}-${format}-${entry.signer}`;
      const image = await pushImage({ host, repository, tag: "v1.2.3", text: repository });
      const { by, right, wrong } = await prepare(cosign, entry);

      const unsigned = await cosign.verify(image.reference, { format, expect: right });
      expect(unsigned.verified).toBe(false);

      await cosign.sign(image.reference, { format, by });
      const accepted = await cosign.verify(image.reference, { format, expect: right });
      expect(accepted).toMatchObject({ verified: true });
      const refused = await cosign.verify(image.reference, { format, expect: wrong });
      expect(refused.verified).toBe(false);
      // Under Rekor v2 another key also means another log entry, so inclusion is what fails first.
      expect(refused.output).toMatch(entry.signer === "keyless" ? /SAN|subject/ : /signature|log inclusion/);
      const tags = await listTags(host, repository);
      noteSeen("cosign signs and verifies", {
        ...entry,
        tags,
        refusal: /^Error: .*/m.exec(refused.output)?.[0],
      });
    },
  );
});
