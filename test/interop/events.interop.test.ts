import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Push } from "../../shared/ports.ts";
import { peerBinary } from "./install/cache.ts";
import { isIsolated } from "./namespace.ts";
import { noteSeen } from "./seen.ts";
import { runToEnd } from "./world/command.ts";
import { pushImage, pushIndex } from "./world/images.ts";
import { type Registry, startDistribution } from "./world/registries.ts";
import { type Sink, type SunkRequest, startSink } from "./world/sink.ts";
import { type Stage, startStage } from "./world/stage.ts";

const SECRET = "Bearer notify-secret";

/** What real registries really send, as Sluice reads it. */
describe.skipIf(!isIsolated())("notifications of CNCF Distribution", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.world.close());

  const startNotifying = async (version: 2 | 3): Promise<{ registry: Registry; sink: Sink }> => {
    const sink = await startSink(stage.world);
    const notifications = { url: sink.url, headers: { Authorization: SECRET } };
    return { sink, registry: await startDistribution(stage.world, { version, notifications }) };
  };

  const parse = ({ headers, body }: SunkRequest, secret = SECRET) => {
    const given = Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}=${value}`]);
    return stage.sluice.run(["parse", "--source", "distribution", "--secret", secret, ...given], body);
  };

  /** Everything sent since the last call, parsed by the command, in order. */
  const collect = async (sink: Sink, seen: { count: number }): Promise<readonly Push[]> => {
    await sink.quiet();
    const pushes: Push[] = [];
    for (const request of sink.requests.slice(seen.count)) {
      const { code, stdout, output } = await parse(request);
      expect(code, output).toBe(0);
      pushes.push(...(JSON.parse(stdout) as readonly Push[]));
    }
    seen.count = sink.requests.length;
    return pushes;
  };

  const crane = async (...args: readonly string[]) => {
    const { code, output } = await runToEnd(peerBinary("crane"), args, { cwd: stage.world.folder });
    if (code !== 0) throw new Error(`crane ${args.join(" ")} ended with ${code}:\n${output}`);
  };

  const wanted = (pushes: readonly Push[], kind: Push["kind"]) => pushes.filter((push) => push.kind === kind);

  test.each([2, 3] as const)("version %s: images, signatures, moves, pulls and deletes", async (version) => {
    const { registry, sink } = await startNotifying(version);
    const seen = { count: 0 };
    const { host } = registry;
    const repository = "acme/app";
    const about = { source: "distribution", registry: host, repository };

    const image = await pushImage({ host, repository, tag: "1.0.0", text: "first" });
    const afterPush = await collect(sink, seen);
    expect(wanted(afterPush, "artifact")).toEqual([
      expect.objectContaining({ ...about, tag: "1.0.0", digest: image.digest }),
    ]);
    expect(wanted(afterPush, "evidence")).toEqual([]);

    await stage.cosign(3).sign(image.reference, { format: "bundle", by: { token: stage.token() } });
    const afterBundle = await collect(sink, seen);
    expect(wanted(afterBundle, "evidence")).toContainEqual(
      expect.objectContaining({ ...about, subject: image.digest }),
    );
    // Whatever else the signature brought may be looked at, but nothing of it carries a version.
    expect(wanted(afterBundle, "artifact").map(({ tag }) => tag)).not.toContainEqual(expect.anything());

    await stage.cosign(3).sign(image.reference, { format: "legacy", by: { token: stage.token() } });
    const afterLegacy = await collect(sink, seen);
    expect(wanted(afterLegacy, "artifact")).toEqual([]);
    expect(wanted(afterLegacy, "evidence")).toContainEqual(
      expect.objectContaining({ ...about, subject: image.digest }),
    );

    const index = await pushIndex({ host, repository, tag: "2.0.0", text: "second" });
    const tagged = wanted(await collect(sink, seen), "artifact").filter(({ tag }) => tag !== undefined);
    expect(tagged).toEqual([expect.objectContaining({ ...about, tag: "2.0.0", digest: index.digest })]);

    await crane("tag", "--insecure", image.reference, "2.0.0");
    const afterMove = wanted(await collect(sink, seen), "artifact").filter(({ tag }) => tag !== undefined);
    expect(afterMove).toEqual([expect.objectContaining({ ...about, tag: "2.0.0", digest: image.digest })]);

    await crane("manifest", "--insecure", image.reference);
    await crane("delete", "--insecure", index.reference);
    const afterDelete = await collect(sink, seen);
    expect(afterDelete.length).toBeGreaterThanOrEqual(2);
    expect(wanted(afterDelete, "ignored")).toEqual(afterDelete);
    const ids = afterPush.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    noteSeen("distribution events", {
      version,
      requests: sink.requests.length,
      contentType: sink.requests[0]?.headers["content-type"],
      ignored: afterDelete.map(({ reason }) => reason),
      bundle: afterBundle,
    });
  });

  test("a wrong secret is refused before the body is read", async () => {
    const { registry, sink } = await startNotifying(2);
    await pushImage({ host: registry.host, repository: "acme/app", tag: "1.0.0", text: "any" });
    await sink.quiet();
    const [request] = sink.requests;
    if (request === undefined) throw new Error("the registry sent nothing");
    const { code, stdout } = await parse(request, "Bearer other");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});
