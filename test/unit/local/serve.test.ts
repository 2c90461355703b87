import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serve } from "../../../functions/local/serve.ts";
import { createServeCommand } from "../../../shared/cli/commands/serve.ts";
import { runSluice } from "../../support/cli.ts";

const BIN = fileURLToPath(new URL("../../../shared/cli/bin.js", import.meta.url));

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

test.each(["--once", "--verbose"])("%s beside a sluice.yaml is no order to serve it", async (option) => {
  await writeFile(join(folder, "sluice.yaml"), "mode: observe");
  const { code, stderr } = await runSluice(["serve", option], {
    commands: [createServeCommand(serve)],
    cwd: folder,
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^sluice: --once and --verbose are for the playground, .*; add --playground\n$/);
});

describe("what the machine refuses is one line that says where to mend it", () => {
  const serveWith = async (settings: Record<string, unknown>) => {
    const config = {
      mode: "observe",
      listen: { port: 0 },
      clusters: [{ name: "prod", manifests: { folder: join(folder, "manifests") } }],
      ...settings,
    };
    await mkdir(join(folder, "manifests"), { recursive: true });
    await writeFile(join(folder, "sluice.yaml"), JSON.stringify(config));
    return runSluice(["serve"], {
      commands: [createServeCommand(serve)],
      cwd: folder,
      signal: AbortSignal.abort(),
    });
  };

  test("a port in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await serveWith({ listen: { host: "127.0.0.1", port } });
    await new Promise((resolve) => other.close(resolve));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `sluice: cannot listen on 127.0.0.1:${port} (EADDRINUSE); stop what listens there, or set listen in sluice.yaml to another address or port\n`,
    );
  });

  test("a state file that is something else", async () => {
    await writeFile(join(folder, "state.db"), "not a database, ".repeat(500));
    const { code, stderr } = await serveWith({ state: { path: "./state.db" } });
    expect(code).toBe(2);
    expect(stderr).toBe(
      `sluice: ${join(folder, "state.db")}: the state file cannot be opened (file is not a database); check it and its folder, or set state.path in sluice.yaml to another file\n`,
    );
  });

  test("a lock that is something else is not taken for another sluice", async () => {
    await writeFile(join(folder, "state.db.lock"), "not a database, ".repeat(500));
    const { code, stderr } = await serveWith({ state: { path: "./state.db" } });
    expect(code).toBe(2);
    expect(stderr).toContain("the state file cannot be opened (file is not a database)");
  });

  test("a state folder where the system makes none ends, and does not ask for ever", async () => {
    const config = {
      mode: "observe",
      clusters: [{ name: "prod", manifests: { folder } }],
      state: { path: "/proc/sluice-test/deeper/sluice.db" },
    };
    await writeFile(join(folder, "sluice.yaml"), JSON.stringify(config));
    // In a process of its own: one that asks for ever does so without its timers.
    const ended = await promisify(execFile)(process.execPath, [BIN, "serve"], {
      cwd: folder,
      encoding: "utf8",
      timeout: 60_000,
      killSignal: "SIGKILL",
    }).catch((error: { code: unknown; stderr: string }) => error);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stderr).toMatch(
      /^sluice: \/proc\/sluice-test\/deeper\/sluice\.db: the state file cannot be opened \(E\w+: .*\n$/,
    );
  });

  test("a state folder that is a file", async () => {
    await writeFile(join(folder, "state"), "");
    const { code, stderr } = await serveWith({ state: { path: "./state/x/sluice.db" } });
    expect(code).toBe(2);
    expect(stderr).toContain("the state file cannot be opened (ENOTDIR: not a directory)");
  });
});
