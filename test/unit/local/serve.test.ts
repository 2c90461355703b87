import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serve } from "../../../functions/local/serve.ts";
import { createServeCommand } from "../../../shared/cli/commands/serve.ts";
import { runSluice } from "../../support/cli.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-serve-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("what manifests say is printable when serve complains about them", async () => {
  await writeFile(
    join(folder, "a.json"),
    JSON.stringify({
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "OCIRepository",
      metadata: { name: "$" + "{X\u001b[2K\r\nsluice: all is well}" },
      spec: {},
    }),
  );
  const config = {
    mode: "observe",
    listen: { port: 0 },
    clusters: [{ name: "prod", manifests: { folder } }],
  };
  await writeFile(join(folder, "sluice.yaml"), JSON.stringify(config));
  const { code, stderr } = await runSluice(["serve"], {
    commands: [createServeCommand(serve)],
    cwd: folder,
    signal: AbortSignal.abort(),
  });
  expect(code).toBe(0);
  expect(stderr).toContain("metadata holds $" + "{X\\u{1b}[2K\\u{d}\\u{a}sluice: all is well}");
  expect(stderr).not.toContain("\u001b");
});
