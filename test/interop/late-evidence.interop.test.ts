import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DecisionRecord } from "../../shared/state.ts";
import { peerBinary } from "./install/cache.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { runToEnd } from "./world/command.ts";
import type { Format } from "./world/cosign.ts";
import { type EvidenceStory, SHORT, startEvidenceStory } from "./world/evidence-story.ts";
import { pushImage } from "./world/images.ts";
import { startDistribution } from "./world/registries.ts";
import { type Stage, startStage } from "./world/stage.ts";

const TAG = "1.4.0";
const FORMATS: readonly Format[] = ["bundle", "legacy"];
const REPOSITORIES = ["late-bundle", "late-legacy", "early-bundle", "early-legacy", "charts/shop", ...SHORT];

const sourceOf = ({ facts }: DecisionRecord): unknown => Reflect.get(Object(facts.origin), "source");

/** Real registries that announce, the real cosign and helm that push, at all the wrong times. */
describe.skipIf(!isIsolated()).each([2, 3] as const)(
  "signatures that are late, early or missing: CNCF Distribution %s",
  (version) => {
    let stage: Stage;
    let story: EvidenceStory;

    beforeAll(async () => {
      stage = await startStage();
      story = await startEvidenceStory(
        stage,
        { type: "distribution", name: `evidence-${version}` },
        REPOSITORIES,
        ({ url, authorization }) =>
          startDistribution(stage.world, {
            version,
            notifications: { url, headers: { Authorization: authorization } },
          }),
      );
    });
    afterAll(() => stage?.world.close());

    const pushTo = (name: string, tag?: string) =>
      pushImage({
        host: story.host,
        repository: `acme/${name}`,
        text: name,
        ...(tag === undefined ? {} : { tag }),
      });
    const sign = (reference: string, format: Format) =>
      stage.cosign(3).sign(reference, { format, by: { keyFile: story.keyFile } });
    const mustRun = async (binary: "crane" | "helm", ...args: readonly string[]) => {
      const { code, output } = await runToEnd(peerBinary(binary), args, { cwd: stage.world.folder });
      if (code !== 0) throw new Error(`${binary} ${args.join(" ")} ended with ${code}:\n${output}`);
    };

    test.each(FORMATS)("late, %s: waits, and is woken by the signature's own push", async (format) => {
      const { reference, digest } = await pushTo(`late-${format}`, TAG);
      await story.decided(`late-${format}`, "wait");
      await sign(reference, format);
      const decision = await story.decided(`late-${format}`, "notify");
      expect([decision.digest, decision.reason, sourceOf(decision)]).toEqual([
        digest,
        "verified",
        "distribution",
      ]);
    });

    test.each(FORMATS)("early, %s: signed before there was a tag", async (format) => {
      const { reference, digest } = await pushTo(`early-${format}`);
      await sign(reference, format);
      await mustRun("crane", "tag", "--insecure", reference, TAG);
      const decision = await story.decided(`early-${format}`, "notify");
      expect([decision.tag, decision.digest]).toEqual([TAG, digest]);
      const outcomes = (await story.decisions(`early-${format}`)).map(({ outcome }) => outcome);
      expect(outcomes).not.toContain("wait");
    });

    test("a chart, pushed by helm and signed afterwards", async () => {
      const folder = join(stage.world.folder, `chart-${version}`, "shop");
      await mkdir(join(folder, "templates"), { recursive: true });
      await writeFile(join(folder, "Chart.yaml"), `apiVersion: v2\nname: shop\nversion: ${TAG}\n`);
      await writeFile(join(folder, "templates/none.yaml"), "# nothing\n");
      await mustRun("helm", "package", folder, "--destination", join(folder, ".."));
      const archive = join(folder, "..", `shop-${TAG}.tgz`);
      await mustRun("helm", "push", archive, `oci://${story.host}/acme/charts`, "--plain-http");
      const waiting = await story.decided("charts/shop", "wait");
      expect(waiting.tag).toBe(TAG);
      await sign(`${story.host}/acme/charts/shop@${waiting.digest}`, "bundle");
      const decision = await story.decided("charts/shop", "notify");
      expect([decision.digest, sourceOf(decision)]).toEqual([waiting.digest, "distribution"]);
    });

    test("missing: rejected once, visibly, when its deadline has passed", async () => {
      await pushTo("never", TAG);
      const decision = await story.decided("never", "reject");
      expect(decision.reason).toBe("unsigned");
      const { stdout } = await stage.sluice.run([
        ...["decisions", "list", "--outcome", "reject", "--json", "--config", story.configFile],
      ]);
      const shown = (JSON.parse(stdout) as readonly DecisionRecord[]).filter(
        ({ subscription }) => subscription === decision.subscription,
      );
      expect(shown.map(({ decisionId, reason }) => [decisionId, reason])).toEqual([
        [decision.decisionId, "unsigned"],
      ]);
    });

    test("after its deadline: new evidence reopens the rejection", async () => {
      const { reference } = await pushTo("after", TAG);
      await story.decided("after", "reject");
      await sign(reference, "bundle");
      const decision = await story.decided("after", "notify");
      const all = (await story.decisions("after"))
        // The first look may come between the push and its event.
        .filter(({ reason }) => reason !== "baseline")
        .map(({ outcome, reason }) => `${outcome}: ${reason}`);
      expect(all).toEqual(["wait: unsigned", "reject: unsigned", "notify: verified"]);
      noteSeen("late evidence", { version, source: sourceOf(decision), all });
    });
  },
);
