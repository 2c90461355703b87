import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { STOP_GRACE_MS } from "../../../functions/local/runtime.ts";
import { guideBlocks, ROOT, readPage } from "./pages.ts";

const [unit, ...more] = guideBlocks().filter(({ note }) => note === "systemd unit");

const settings = new Map(
  (unit?.text ?? "").split("\n").flatMap((line) => {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  }),
);

describe("the systemd unit of the guide", () => {
  test("is there once", () => {
    expect(unit).toBeDefined();
    expect(more).toEqual([]);
  });

  test("starts what a checkout has", () => {
    const [node = "", ...args] = (settings.get("ExecStart") ?? "").split(" ");
    const own = [node, args[0] ?? ""].map((path) => path.replace(/^\/opt\/sluice\//, ""));
    expect(own.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(args.slice(1)).toEqual(["serve", "--config", "/etc/sluice/sluice.yaml"]);
  });

  test("keeps the state where it may write", () => {
    expect(settings.get("ProtectSystem")).toBe("strict");
    expect(readPage("docs/operations.md")).toContain(
      `state: {path: /var/lib/${settings.get("StateDirectory")}/sluice.db}`,
    );
  });

  test("has no more rights than it needs", () => {
    expect(Object.fromEntries(settings)).toMatchObject({
      DynamicUser: "yes",
      NoNewPrivileges: "yes",
      CapabilityBoundingSet: "",
      StateDirectoryMode: "0700",
    });
    // V8 writes machine code.
    expect(settings.has("MemoryDenyWriteExecute")).toBe(false);
  });

  test("is not killed before it has stopped by itself", () => {
    expect(Number(settings.get("TimeoutStopSec")) * 1000).toBeGreaterThan(2 * STOP_GRACE_MS);
    expect(readPage("docs/operations.md")).toContain(`gives work under way ${STOP_GRACE_MS / 1000} seconds`);
  });
});
