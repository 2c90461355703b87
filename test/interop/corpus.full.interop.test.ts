import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "oras-js/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PushableManifest } from "../../functions/local/playground/sigstore/oci.ts";
import { createMemoryRegistry } from "../support/memory-registry.ts";
import { publishToRegistry } from "../support/publish-to-registry.ts";
import { CASES } from "../unit/signature-corpus/cases.ts";
import { expectedFor, type Scenario } from "../unit/signature-corpus/corpus-case.ts";
import { type Deviation, MILDER, STRICTER } from "../unit/signature-corpus/deviations.ts";
import { HONEST } from "../unit/signature-corpus/honest.ts";
import { toAttacked } from "../unit/signature-corpus/run-case.ts";
import { createWorld, toHonestScenario } from "../unit/signature-corpus/world.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { askCosign, canAsk } from "./world/cosign-verdict.ts";

const world = createWorld();

interface Run {
  readonly title: string;
  readonly name: string;
  readonly ours: string;
  readonly make: () => Scenario;
}

const attacks = CASES.flatMap((corpusCase) =>
  corpusCase.formats.map((format): Run => {
    const { name } = corpusCase;
    const make = () => toAttacked(world, corpusCase, format);
    return { title: `${name} [${format}]`, name, ours: expectedFor(corpusCase, format), make };
  }),
);

const honest = HONEST.flatMap(({ name, formats, change }) =>
  formats.map((format): Run => {
    const make = (): Scenario => {
      const scenario = toHonestScenario(world, format);
      return { ...scenario, ...change(scenario, world) };
    };
    return { title: `honest: ${name} [${format}]`, name, ours: "verified", make };
  }),
);

/** Whether cosign takes these depends on the signature's length, which is another each time. */
const SOMETIMES = [
  "signature's base64 with a line break at its end",
  "signature's base64 with stray bits in its last digit",
];

const lists = (deviations: readonly Deviation[], { name, ours }: Run): boolean =>
  deviations.some(({ expected, cases }) => expected === ours && cases.includes(name));

/** A registry that answers otherwise than it was told cannot be built from what was pushed. */
const isPlain = ({ toReader }: Scenario): boolean => {
  const registry = createMemoryRegistry();
  return toReader(registry) === registry;
};

/** Nor can one that lists a referrer under another artifact than its manifest names. */
const isListedAsWritten = ({ bytes, subject }: PushableManifest): boolean => {
  const manifest: { subject?: { digest?: unknown } } = JSON.parse(Buffer.from(bytes).toString());
  return subject === undefined || manifest.subject?.digest === subject;
};

const MANIFEST_BYTES = 64 * 1024 * 1024;

/** The corpus of attacks and the honest evidence before the real cosign: it agrees but where we say that it does not. */
describe.skipIf(!isIsolated())("cosign on the corpus", () => {
  const registry = createRegistry({ checkReferences: false, limits: { manifestBytes: MANIFEST_BYTES } });
  const folder = mkdtempSync(join(tmpdir(), "corpus-"));
  let host = "";
  beforeAll(async () => {
    host = await registry.listen();
  });
  afterAll(async () => {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let asked = 0;
  const agreeing = new Set<string>();
  const deviating = new Set<string>();

  const toManifests = (scenario: Scenario): readonly PushableManifest[] =>
    scenario.publish(scenario.sigstore.sign(scenario.request), scenario.request);

  const publish = async (manifests: readonly PushableManifest[], repository: string): Promise<void> => {
    for (const manifest of manifests) await publishToRegistry(`http://${host}/v2/${repository}`, manifest);
  };

  test.each([...attacks, ...honest])("$title", async (run) => {
    const scenario = run.make();
    if (!isPlain(scenario) || !canAsk(scenario.rule)) return;
    const manifests = toManifests(scenario);
    if (!manifests.every(isListedAsWritten)) return;
    asked += 1;
    const prefix = `s${asked}`;
    await publish(manifests, `${prefix}/${scenario.publishTo.repository}`);
    const accepts = await askCosign(scenario, { folder, host, prefix });
    noteSeen("cosign on the corpus", { case: run.title, cosign: accepts, ours: run.ours });
    const accepted = run.ours === "verified";
    (accepts === accepted ? agreeing : deviating).add(run.name);
    const listed = lists(accepted ? MILDER : STRICTER, run);
    if (!listed) expect({ cosign: accepts }).toEqual({ cosign: accepted });
  });

  test("was asked about nearly all of it, and every listed deviation is one", () => {
    expect(asked).toBeGreaterThan(900);
    const listed = [...STRICTER, ...MILDER].flatMap(({ cases }) => cases);
    const never = listed.filter((name) => agreeing.has(name) && !deviating.has(name));
    expect(never.filter((name) => !SOMETIMES.includes(name))).toEqual([]);
  });
});
