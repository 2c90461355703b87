import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PeerUnavailable, run } from "../../interop/install/command.ts";
import { holdLock } from "../../interop/install/lock.ts";
import { runToEnd } from "../../interop/world/command.ts";
import { answers } from "../../interop/world/process.ts";
import { createWorld, freePorts, type World } from "../../interop/world/world.ts";

const linux = process.platform === "linux";
const folder = mkdtempSync(join(tmpdir(), "sluice-processes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("running programs", () => {
  test("one that cannot be started is unavailable, by name", async () => {
    const failed = run("no-such-program", [], { cwd: folder });
    await expect(failed).rejects.toThrow(new PeerUnavailable("no-such-program cannot be started"));
  });

  test("one that fails is unavailable with its last words", async () => {
    const failed = run("sh", ["-c", "echo why >&2; exit 3"], { cwd: folder });
    await expect(failed).rejects.toThrow(/ended with 3\s+why/);
  });

  test("its exit code, words and input are its own", async () => {
    const finished = await runToEnd("sh", ["-c", "cat; echo no >&2; exit 7"], {
      cwd: folder,
      input: "yes\n",
    });
    expect(finished).toEqual({ code: 7, stdout: "yes\n", output: expect.stringContaining("no") });
  });

  test("one that does not end is killed", async () => {
    const { code } = await runToEnd("sleep", ["600"], { cwd: folder, timeoutMs: 50 });
    expect(code).toBe(124);
  });
});

describe.runIf(linux)("servers of a world", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterEach(() => world.close());

  const node = (script: string) => ({ file: process.execPath, args: ["-e", script] });

  test("are waited for, and gone with their world", async () => {
    const [port] = await freePorts(1);
    const server = await world.start({
      name: "late",
      ...node(
        `setTimeout(() => require("http").createServer((q, r) => r.end()).listen(${port}, "127.0.0.1"), 200)`,
      ),
      isReady: answers(`http://127.0.0.1:${port}/`),
    });
    expect(isAlive(server.pid)).toBe(true);
    await world.close();
    expect(isAlive(server.pid)).toBe(false);
  });

  test("that end before they are ready say why", async () => {
    world = await createWorld();
    const failed = world.start({
      name: "broken",
      ...node('console.error("no such option"); process.exit(2)'),
      isReady: () => Promise.resolve(false),
    });
    await expect(failed).rejects.toThrow(/broken ended before it was ready:\s+no such option/);
  });

  test("that never get ready are killed", async () => {
    world = await createWorld();
    const failed = world.start({
      name: "deaf",
      ...node("setInterval(() => {}, 1000)"),
      isReady: () => Promise.resolve(false),
      readyTimeoutMs: 200,
    });
    await expect(failed).rejects.toThrow(/deaf was not ready in time/);
  });

  test("end in reverse order even when one end fails", async () => {
    world = await createWorld();
    const ended: number[] = [];
    world.atEnd(() => void ended.push(1));
    world.atEnd(() => Promise.reject(new Error("stuck")));
    world.atEnd(() => void ended.push(3));
    await expect(world.close()).rejects.toThrow(/did not end cleanly/);
    expect(ended).toEqual([3, 1]);
  });
});

describe.runIf(linux)("the lock on the peers' folder", () => {
  test("is held by one at a time", async () => {
    const file = join(folder, "lock");
    const order: string[] = [];
    const release = await holdLock(file, () => order.push("first waits"));
    const second = holdLock(file, () => order.push("second waits")).then((releaseSecond) => {
      order.push("second holds");
      releaseSecond();
    });
    await expect.poll(() => order, { timeout: 10_000 }).toEqual(["second waits"]);
    release();
    await second;
    expect(order).toEqual(["second waits", "second holds"]);
  });
});
