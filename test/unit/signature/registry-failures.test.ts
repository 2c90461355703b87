import { describe, expect, test } from "vitest";
import { PipelineError } from "../../../shared/errors.ts";
import type { RegistryReader } from "../../../shared/ports.ts";
import { createBench, IDENTITY_RULE, nextArtifact, sign, wordOf } from "./support.ts";

const unavailable = (what: string): PipelineError =>
  new PipelineError(what, { code: "REGISTRY_UNAVAILABLE" });

const codeOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer;
    return "answered";
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
};

describe("a registry that leaves the question open", () => {
  const broken = (part: Partial<RegistryReader>) => (honest: RegistryReader) => ({ ...honest, ...part });
  const failing = async (): Promise<never> => {
    throw unavailable("down");
  };

  test.each([
    ["referrers", { listReferrers: failing }],
    ["tags", { fetchManifestByTag: failing }],
  ] as const)("is an error, not an absence, when %s cannot be read", async (_, part) => {
    const bench = createBench(broken(part));
    expect(await codeOf(bench.verify(nextArtifact(), IDENTITY_RULE))).toBe("REGISTRY_UNAVAILABLE");
  });

  test.each([
    ["manifest", { fetchManifest: failing }],
    ["blob", { fetchBlob: failing }],
  ] as const)("is an error when the bundle's %s cannot be read", async (_, part) => {
    const artifact = nextArtifact();
    const bench = createBench(broken(part));
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(await codeOf(bench.verify(artifact, IDENTITY_RULE))).toBe("REGISTRY_UNAVAILABLE");
  });

  test("does not hide a signature that can be read elsewhere", async () => {
    const artifact = nextArtifact();
    const bench = createBench(broken({ listReferrers: failing }));
    bench.push(sign(artifact, { format: "legacy" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
  });

  test("an error of another kind is still one of the domain's", async () => {
    const bench = createBench(
      broken({
        listReferrers: async () => {
          throw new TypeError("a bug");
        },
      }),
    );
    expect(await codeOf(bench.verify(nextArtifact(), IDENTITY_RULE))).toBe("REGISTRY_UNAVAILABLE");
  });

  test("so is an aborted search", async () => {
    const aborted = AbortSignal.abort();
    const bench = createBench(
      broken({
        listReferrers: async (_, signal) => {
          signal.throwIfAborted();
          return [];
        },
      }),
    );
    expect(await codeOf(bench.verify(nextArtifact(), IDENTITY_RULE, aborted))).toBe("REGISTRY_UNAVAILABLE");
  });

  test("a listed manifest that is not there decides", async () => {
    const artifact = nextArtifact();
    const bench = createBench(broken({ fetchManifest: async () => undefined }));
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("evidence-missing");
  });

  test("evidence that is too large decides", async () => {
    const artifact = nextArtifact();
    const bench = createBench(
      broken({
        fetchBlob: async () => {
          throw new PipelineError("too large", { code: "REGISTRY_TOO_LARGE" });
        },
      }),
    );
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("evidence-too-large");
  });

  test("failures are not remembered", async () => {
    let down = true;
    const artifact = nextArtifact();
    const bench = createBench((honest) => ({
      ...honest,
      listReferrers: (name, signal) => (down ? failing() : honest.listReferrers(name, signal)),
    }));
    bench.push(sign(artifact, { format: "bundle-rekor1" }).manifest);
    expect(await codeOf(bench.verify(artifact, IDENTITY_RULE))).toBe("REGISTRY_UNAVAILABLE");
    down = false;
    expect(wordOf((await bench.verify(artifact, IDENTITY_RULE)).strict)).toBe("verified");
  });
});
