import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "oras-js";
import { expect, test } from "vitest";
import { pushArtifact } from "../../../functions/local/playground/artifacts.ts";
import { startLocalRuntime } from "../../../functions/local/runtime.ts";
import { parseConfig } from "../../../shared/config.ts";
import { startAppWorld } from "../../support/app-world.ts";
import { guideBlocks } from "./pages.ts";

const TIMEOUT_MS = 120_000;
const run = promisify(execFile);
const blockOf = (wanted: string): string => guideBlocks().find(({ note }) => note === wanted)?.text ?? "";

/** `npx node` of a checkout. */
const toShell = (text: string): string => text.replace(/^\$ /, "").replaceAll("npx node", process.execPath);

test("a backup that was made while serving is restored as the page says", {
  timeout: TIMEOUT_MS,
}, async () => {
  const world = await startAppWorld();
  const { folder, registry, receiver } = world;
  const config = parseConfig(
    JSON.stringify({
      mode: "enforce",
      listen: { port: 0 },
      clusters: [
        {
          name: "c",
          manifests: { folder: "./manifests" },
          receiver: { baseUrl: receiver.url, token: { env: "TOKEN" }, allowPrivateAddresses: true },
        },
      ],
      sources: [{ type: "sluice", unauthenticated: "allow" }],
      rules: [{ repositories: `${registry}/**`, unverified: "allow" }],
      registries: { [registry]: { plainHttp: true, allowPrivateAddresses: true } },
    }),
    { file: "sluice.yaml", baseFolder: folder },
  );
  const start = () => startLocalRuntime(config, { env: { TOKEN: "t0ken" }, log: () => {} });
  const client = createClient({ plainHttp: () => true });
  const publish = async (address: string, tag: string) => {
    const artifact = await pushArtifact(client, { registry, repository: "acme/app" }, tag);
    await client.tagManifest(artifact.repository, artifact.digest, tag);
    const body = JSON.stringify({ id: tag, reference: `${registry}/acme/app:${tag}` });
    const { status } = await fetch(`${address}/events/sluice`, { method: "POST", body });
    expect(status).toBe(202);
  };
  const awaitAccepted = async (count: number) => {
    while (receiver.accepted.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const tags = async (runtime: Awaited<ReturnType<typeof start>>) =>
    (await runtime.state.records({ limit: 1_000 })).flatMap((record) =>
      record.kind === "decision" && record.outcome === "notify" ? [record.tag] : [],
    );
  const inShell = (script: string) => run("sh", ["-e", "-c", script], { cwd: folder });

  try {
    const before = await start();
    await publish(before.address, "1.1.0");
    await awaitAccepted(1);
    await inShell(toShell(blockOf("run with state")));
    await publish(before.address, "1.2.0");
    await awaitAccepted(2);
    await before.stop();

    await writeFile(join(folder, ".sluice/sluice.db"), "what a broken disk leaves");
    await writeFile(join(folder, ".sluice/sluice.db-wal"), "of another file");
    await expect(start()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await inShell(blockOf("restore"));

    const after = await start();
    try {
      // The older version's record is the backup's, the newer version is found and told anew.
      await awaitAccepted(3);
      expect(await tags(after)).toEqual(["1.1.0", "1.2.0"]);
      expect(await fetch(`${after.address}/healthz`).then((answer) => answer.json())).toMatchObject({
        status: "ok",
        recovered: 1,
      });
    } finally {
      await after.stop();
    }
  } finally {
    await world.close();
  }
});
