import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "oras-js";
import { createRegistry } from "oras-js/registry";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { signArtifact } from "../../../functions/local/playground/artifacts.ts";
import { createLocalSigstore } from "../../../functions/local/playground/sigstore/local-sigstore.ts";
import { toBlob } from "../../../functions/local/playground/sigstore/oci.ts";
import { startLocalRuntime } from "../../../functions/local/runtime.ts";
import {
  type CompiledCatalogPorts,
  createCompiledLoader,
} from "../../../functions/wiring/policy/compiled-catalog.ts";
import { createRegistry as createReader } from "../../../functions/wiring/registry/registry.ts";
import { createNodeSecrets } from "../../../shared/adapters/node/secrets.ts";
import { openDatabase } from "../../../shared/adapters/node/sqlite/database.ts";
import { createSqliteStateStore } from "../../../shared/adapters/node/sqlite/state-store.ts";
import { parseConfig } from "../../../shared/config.ts";
import { createCatalog } from "../../../shared/policy/catalog/catalog.ts";
import { toJson } from "../../../shared/policy/catalog/catalog-json.ts";
import { MAX_AHEAD_MS } from "../../../shared/policy/catalog/succession.ts";
import type { ObjectReader } from "../../../shared/ports.ts";
import { createVerifier } from "../../../shared/signature/verifier.ts";
import { packTar, tarEntry } from "../../support/tar.ts";
import { compileText, ociRepository } from "../policy/compile-text.ts";

const NOW_MS = 1_790_000_000_000;
const DAY_MS = 86_400_000;
const URL = "s3://acme-sluice/catalog.json";

const compiled = (tag: string, ageMs: number): string =>
  toJson(compileText(ociRepository(`ref: {tag: "${tag}"}`)), NOW_MS - ageMs);

describe("a catalog that sluice compile wrote", () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  let folder = "";
  let host = "";
  let objects: Map<string, string>;
  let ports: CompiledCatalogPorts;
  const sigstore = createLocalSigstore({ nowMs: Date.now });
  const client = createClient({ plainHttp: () => true });

  const reader: ObjectReader = {
    read: async (url) => Buffer.from(objects.get(url) ?? ""),
  };

  /** As another instance, or this one after a restart, would: over the same state. */
  const openState = (): CompiledCatalogPorts["state"] => {
    const database = openDatabase(join(folder, "sluice.db"));
    cleanUps.push(() => database.close());
    return createSqliteStateStore(database, { nowMs: () => NOW_MS });
  };

  const settingsOf = (catalog: Record<string, unknown>) => {
    const settings = {
      mode: "observe",
      catalog,
      clusters: [{ name: "prod" }],
      registries: { [host]: { plainHttp: true, allowPrivateAddresses: true } },
      trustedRoots: { default: "./trusted_root.json" },
    };
    return parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
  };

  const loaderOf = (catalog: Record<string, unknown>, over: CompiledCatalogPorts = ports) => {
    const { catalog: settings } = settingsOf(catalog);
    if (settings === undefined) throw new Error("no catalog in the settings");
    return createCompiledLoader(settings, over);
  };

  const tagOf = (loaded: Awaited<ReturnType<ReturnType<typeof createCompiledLoader>>>) =>
    loaded === "unchanged"
      ? loaded
      : loaded.catalog.match({ registry: "ghcr.io", repository: "acme/app" }).map(({ selector }) => selector);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-catalog-"));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    const server = createRegistry();
    host = await server.listen();
    cleanUps.push(() => server.close());
    objects = new Map([[URL, compiled("a", DAY_MS)]]);
    const secrets = createNodeSecrets({});
    const clock = { nowMs: () => NOW_MS };
    const registry = createReader(settingsOf({ file: "x" }), { secrets, clock });
    cleanUps.push(() => registry.close());
    const trustedRoots = { read: async () => new TextEncoder().encode(sigstore.trustedRootJson) };
    const verifier = createVerifier({ registry: registry.reader, trustedRoots, nowMs: Date.now });
    const state = openState();
    if (state === undefined) throw new Error("no state");
    const artifacts = { registry: registry.reader, verifier, secrets, clock, state };
    ports = { artifacts: async () => artifacts, clock, state, objects: reader };
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  test("is loaded, and again only when it changed", async () => {
    const load = loaderOf({ object: URL });
    expect(tagOf(await load())).toEqual([{ kind: "tag", tag: "a" }]);
    expect(tagOf(await load())).toBe("unchanged");
    objects.set(URL, compiled("b", 0));
    expect(tagOf(await load())).toEqual([{ kind: "tag", tag: "b" }]);
  });

  test.each<[string, () => string, RegExp]>([
    ["older than the one in use", () => compiled("b", 2 * DAY_MS), /older than the one in use/],
    ["from the future", () => compiled("b", -MAX_AHEAD_MS - 1), /made ahead of this clock/],
    [
      "changed after it was written",
      () => compiled("b", 0).replace('"tag":"b"', '"tag":"c"'),
      /not what its version says/,
    ],
    ["cut off", () => compiled("b", 0).slice(0, -9), /not JSON/],
    ["of another format", () => compiled("b", 0).replace('"format":1', '"format":2'), /does not fit/],
  ])("is refused when it is %s", async (_, next, message) => {
    const load = loaderOf({ object: URL });
    await load();
    objects.set(URL, next());
    await expect(load()).rejects.toMatchObject({
      code: "CATALOG_INVALID",
      message: expect.stringMatching(new RegExp(`^catalog ${URL}: .*${message.source}`)),
    });
    objects.set(URL, compiled("d", 0));
    expect(tagOf(await load()), "a good one is taken afterwards").toEqual([{ kind: "tag", tag: "d" }]);
  });

  test("older than what another instance had is refused as well, until it is compiled again", async () => {
    await loaderOf({ object: URL })();
    objects.set(URL, compiled("b", 2 * DAY_MS));
    const { state: _own, ...rest } = ports;
    const state = openState();
    if (state === undefined) throw new Error("no state");
    const restarted = loaderOf({ object: URL }, { ...rest, state });
    await expect(restarted()).rejects.toThrow(/older than the one in use/);
    objects.set(URL, compiled("b", 0));
    expect(tagOf(await restarted())).toEqual([{ kind: "tag", tag: "b" }]);
  });

  test("with the same content may be older: it is the same policy", async () => {
    await loaderOf({ object: URL })();
    objects.set(URL, compiled("a", 2 * DAY_MS));
    expect(tagOf(await loaderOf({ object: URL })())).toEqual([{ kind: "tag", tag: "a" }]);
    objects.set(URL, compiled("b", 1.5 * DAY_MS));
    await expect(loaderOf({ object: URL })()).rejects.toThrow(/older than the one in use/);
  });

  test("lies in a file beside sluice.yaml, or is missing there", async () => {
    const load = loaderOf({ file: "./catalog.json" });
    await expect(load()).rejects.toMatchObject({
      code: "CATALOG_INVALID",
      message: `catalog ${join(folder, "catalog.json")}: no such file; write it with \`sluice compile\``,
    });
    await writeFile(join(folder, "catalog.json"), compiled("a", 0));
    expect(tagOf(await load())).toEqual([{ kind: "tag", tag: "a" }]);
  });

  test("is what a runtime serves, without a look at the manifests", async () => {
    await writeFile(
      join(folder, "catalog.json"),
      toJson(compileText(ociRepository("suspend: true")), Date.now()),
    );
    const settings = {
      mode: "observe",
      listen: { port: 0 },
      state: { path: "./served.db" },
      catalog: { file: "./catalog.json" },
      clusters: [{ name: "prod", manifests: { folder: "./no-such-folder" } }],
    };
    const config = parseConfig(JSON.stringify(settings), { file: "sluice.yaml", baseFolder: folder });
    const runtime = await startLocalRuntime(config, { env: {}, log: () => {} });
    cleanUps.push(() => runtime.stop());
    const health: unknown = await fetch(`${runtime.address}/healthz`).then((response) => response.json());
    const { version } = createCatalog(compileText(ociRepository("suspend: true")));
    expect(health).toMatchObject({ status: "ok", catalog: version });
  });

  test("in a cloud's storage needs that cloud", async () => {
    const { objects: _none, ...local } = ports;
    await expect(loaderOf({ object: URL }, local)()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  describe("as an artifact", () => {
    const trust = {
      identities: [{ issuer: "^https://token\\.actions", subject: "^https://github\\.com/acme/fleet/" }],
    };

    const push = async (layer: ReturnType<typeof toBlob>, by?: string): Promise<void> => {
      const repository = { registry: host, repository: "acme/catalog" };
      const config = toBlob(Buffer.from("{}"), "application/vnd.oci.empty.v1+json");
      for (const { bytes } of [layer, config]) await client.pushBlob(repository, bytes);
      const mediaType = "application/vnd.oci.image.manifest.v1+json";
      const [configRef, layerRef] = [config, layer].map(({ mediaType: type, digest, bytes }) => ({
        mediaType: type,
        digest,
        size: bytes.length,
      }));
      const text = JSON.stringify({ schemaVersion: 2, mediaType, config: configRef, layers: [layerRef] });
      const { digest, bytes } = toBlob(Buffer.from(text), mediaType);
      await client.pushManifest(repository, { mediaType, bytes }, { tag: "prod" });
      if (by === undefined) return;
      await signArtifact(
        client,
        sigstore,
        { repository, digest, mediaType, bytes },
        { repository: by, ref: "refs/heads/main" },
      );
    };

    const load = () => loaderOf({ artifact: `oci://${host}/acme/catalog:prod`, ...trust })();
    const raw = (tag: string) =>
      toBlob(Buffer.from(compiled(tag, 0)), "application/vnd.sluice.catalog.v1+json");
    const packed = (...files: readonly [string, string][]) =>
      toBlob(
        packTar(...files.map(([name, text]) => tarEntry(name, text))),
        "application/vnd.cncf.flux.content.v1.tar+gzip",
      );

    test("is read from its layer once it is signed by whom sluice.yaml names", async () => {
      await push(raw("a"));
      await expect(load()).rejects.toThrow(/not verified \(unsigned\)/);
      await push(raw("a"), "mallory/fleet");
      await expect(load()).rejects.toThrow(/not verified \(identity-mismatch\)/);
      await push(raw("b"), "acme/fleet");
      expect(tagOf(await load())).toEqual([{ kind: "tag", tag: "b" }]);
    });

    test("is read from what flux push artifact packs, if it is alone there", async () => {
      await push(packed(["./catalog.json", compiled("a", 0)]), "acme/fleet");
      expect(tagOf(await load())).toEqual([{ kind: "tag", tag: "a" }]);
      await push(packed(["a.json", "{}"], ["b.json", "{}"]), "acme/fleet");
      await expect(load()).rejects.toThrow(/more than one file/);
      await push(packed(["README", "x"]), "acme/fleet");
      await expect(load()).rejects.toThrow(/no file/);
    });
  });
});
