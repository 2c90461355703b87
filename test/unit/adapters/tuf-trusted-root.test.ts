import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTufTrustedRoot, type TufTrustedRoot } from "../../../shared/adapters/node/tuf-trusted-root.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { parseTrustedRoot } from "../../../shared/signature/trust/trusted-root.ts";
import { createFixedRoots } from "../../../shared/signature/trust/trusted-root-source.ts";
import { createTufRepository, type TufRepository, writeRoot } from "../../support/tuf-repository.ts";
import { sigstore } from "../signature/support.ts";

const SHIPPED = sigstore.trustedRootJson;
/** The same root in another spelling: enough to tell the two apart. */
const spelled = (spaces: number): string => JSON.stringify(sigstore.trustedRoot, null, spaces);

let folder: string;
let repository: TufRepository;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tuf-"));
  repository = await createTufRepository();
  await writeRoot(join(folder, "root.json"), repository);
});

afterEach(async () => {
  await repository.close();
  await rm(folder, { recursive: true, force: true });
});

const create = (cache = "cache"): Promise<TufTrustedRoot> =>
  createTufTrustedRoot({
    cachePath: join(folder, cache),
    mirrorUrl: repository.url,
    rootPath: join(folder, "root.json"),
    timeoutMs: 2000,
    shipped: { bytes: Buffer.from(SHIPPED), version: 3 },
    check: (bytes) => {
      parseTrustedRoot(bytes);
    },
    named: createFixedRoots(Buffer.alloc(0), new Map([["private", Buffer.from("{}")]])),
  });

const textOf = async (roots: TufTrustedRoot): Promise<string> =>
  Buffer.from(await roots.read(undefined)).toString();

const codeOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    return `${await answer}`;
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
};

describe("before any refresh", () => {
  test("the shipped root is used, and nobody is asked", async () => {
    const roots = await create();
    expect(await textOf(roots)).toBe(SHIPPED);
    expect(await roots.read(undefined)).toBe(await roots.read(undefined));
    expect(repository.requests()).toBe(0);
  });

  test("named roots are somebody else's", async () => {
    const roots = await create();
    expect(Buffer.from(await roots.read("private")).toString()).toBe("{}");
    await expect(roots.read("other")).rejects.toMatchObject({ code: "TRUST_ROOT_INVALID" });
  });
});

describe("a refresh", () => {
  test("takes what is newer, and then nothing new", async () => {
    repository.publish(spelled(1), 4);
    const roots = await create();
    expect(await roots.refresh()).toBe("updated");
    expect(await textOf(roots)).toBe(spelled(1));
    const before = await roots.read(undefined);
    expect(await roots.refresh()).toBe("unchanged");
    expect(await roots.read(undefined)).toBe(before);
    repository.publish(spelled(2), 5);
    expect(await roots.refresh()).toBe("updated");
    expect([await textOf(roots), roots.version()]).toEqual([spelled(2), 5]);
  });

  test("of metadata alone keeps the very same bytes", async () => {
    repository.publish(SHIPPED, 4);
    const roots = await create();
    const before = await roots.read(undefined);
    expect(await roots.refresh()).toBe("unchanged");
    expect(await roots.read(undefined)).toBe(before);
    expect(roots.version()).toBe(4);
  });

  test.each<[string, ...(() => void)[]]>([
    ["the repository is out of reach", () => {}],
    [
      "the target is not the signed one",
      () => repository.publish(spelled(1), 4),
      () => repository.tamper("/targets/trusted_root.json", spelled(2)),
    ],
    [
      "metadata was changed",
      () => repository.publish(spelled(1), 4),
      () => repository.tamper("/timestamp.json", "{}"),
    ],
    ["what was signed is no trusted root", () => repository.publish("{}", 4)],
    ["what was signed is older than what was shipped", () => repository.publish(spelled(1), 2)],
  ])("changes nothing when %s", async (_, ...steps) => {
    for (const step of steps) step();
    const roots = await create();
    expect(await codeOf(roots.refresh())).toBe("TRUST_ROOT_INVALID");
    expect([await textOf(roots), roots.version()]).toEqual([SHIPPED, 3]);
  });

  test("never goes back, not even with the client's cache lost", async () => {
    repository.publish(spelled(1), 7);
    const roots = await create();
    await roots.refresh();
    repository.publish(spelled(2), 6);
    expect(await codeOf(roots.refresh())).toBe("TRUST_ROOT_INVALID");
    const [{ host }] = [new URL(repository.url)];
    await rm(join(folder, "cache", encodeURIComponent(host)), { recursive: true });
    expect(await codeOf(roots.refresh())).toBe("TRUST_ROOT_INVALID");
    expect([await textOf(roots), roots.version()]).toEqual([spelled(1), 7]);
  });
});

describe("after a restart", () => {
  test("what was in use is in use again, without asking", async () => {
    repository.publish(spelled(1), 4);
    await (await create()).refresh();
    const asked = repository.requests();
    const restarted = await create();
    expect([await textOf(restarted), restarted.version()]).toEqual([spelled(1), 4]);
    expect(repository.requests()).toBe(asked);
  });

  test.each([
    ["damaged", "{"],
    [
      "older than what is shipped now",
      JSON.stringify({ version: 2, root: Buffer.from(spelled(1)).toString("base64") }),
    ],
    ["no trusted root", JSON.stringify({ version: 9, root: "e30=" })],
    ["of another form", JSON.stringify({ version: "9", root: 1 })],
  ])("a kept root that is %s is left aside", async (_, content) => {
    await (await create()).refresh().catch(() => "unreachable");
    await writeFile(join(folder, "cache", "trusted-root-in-use.json"), content);
    expect(await textOf(await create())).toBe(SHIPPED);
  });
});
