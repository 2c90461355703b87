import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { digestOf, toBlob } from "../../../functions/local/playground/sigstore/oci.ts";
import { fetchArtifactManifests, readArtifactLayer } from "../../../shared/policy/manifest/artifact-layer.ts";
import { MANIFEST_LIMITS } from "../../../shared/policy/manifest/limits.ts";
import { createMemoryRegistry } from "../../support/memory-registry.ts";
import { packTar, TAR_END, tarEntry } from "../../support/tar.ts";

const names = (layer: Uint8Array): readonly string[] => readArtifactLayer(layer).map(({ name }) => name);

describe("layers of flux push artifact", () => {
  test("give their manifests, and nothing else", () => {
    const layer = packTar(
      tarEntry("./", "", "5"),
      tarEntry("./apps/a.yaml", "a: 1\n"),
      tarEntry("README.md", "# hi"),
      tarEntry("b.yml", "b: 2\n"),
      tarEntry("c.json", "{}"),
      tarEntry("link.yaml", "", "2"),
    );
    expect(readArtifactLayer(layer).map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
      ["apps/a.yaml", "a: 1\n"],
      ["b.yml", "b: 2\n"],
      ["c.json", "{}"],
    ]);
  });

  test("read long names in each of the three ways", () => {
    const long = `${"d/".repeat(80)}a.yaml`;
    const pax = ` path=${long}\n`;
    const record = `${pax.length + 3}${pax}`;
    expect(names(packTar(tarEntry("x", record, "x"), tarEntry("short.yaml", "")))).toEqual([long]);
    expect(names(packTar(tarEntry("././@LongLink", `${long}\0`, "L"), tarEntry("short.yaml", "")))).toEqual([
      long,
    ]);
    expect(names(packTar(tarEntry("a.yaml", "", "0", "deep/folder")))).toEqual(["deep/folder/a.yaml"]);
    expect(
      names(packTar(tarEntry("x", record, "x"), tarEntry("a.yaml", ""), tarEntry("b.yaml", ""))),
    ).toEqual([long, "b.yaml"]);
  });

  const good = Buffer.concat([tarEntry("a.yaml", "a: 1\n"), TAR_END]);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = Buffer.from(good);
    copy[at] = value;
    return gzipSync(copy);
  };

  test.each<[string, Uint8Array]>([
    ["no gzip", Buffer.from("hello")],
    ["cut gzip", gzipSync(good).subarray(0, 30)],
    ["a wrong checksum", changed(0, 0x62)],
    ["a size that is none", changed(124, 0x39)],
    ["a file longer than the archive", gzipSync(tarEntry("a.yaml", "x".repeat(2000)).subarray(0, 1024))],
    ["bytes that are no archive", gzipSync(Buffer.alloc(2000, 0x61))],
    ["a name without end", packTar(tarEntry("x", "n".repeat(70_000), "L"))],
  ])("%s is refused", (_, layer) => {
    expect(() => readArtifactLayer(layer)).toThrow(expect.objectContaining({ code: "CATALOG_INVALID" }));
  });

  test("so many files are refused, each of which costs its own", () => {
    const empty = tarEntry("a.yaml", "");
    const archive = (count: number): Uint8Array =>
      gzipSync(Buffer.concat([...Array(count).fill(empty), TAR_END]));
    expect(readArtifactLayer(archive(MANIFEST_LIMITS.maxFiles))).toHaveLength(MANIFEST_LIMITS.maxFiles);
    expect(() => readArtifactLayer(archive(MANIFEST_LIMITS.maxFiles + 1))).toThrow("too many files");
  });

  test("a bomb is refused: what it unpacks to is capped", () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 9 });
    expect(() => readArtifactLayer(bomb)).toThrow(expect.objectContaining({ code: "CATALOG_INVALID" }));
  });
});

describe("artifacts of manifests", () => {
  const layer = packTar(tarEntry("a.yaml", "a: 1\n"));
  const name = { registry: "ghcr.io", repository: "acme/manifests" };
  const fluxType = "application/vnd.cncf.flux.content.v1.tar+gzip";

  const fetchFrom = (manifest: unknown, blobs: readonly Uint8Array[] = [layer]) => {
    const registry = createMemoryRegistry();
    const bytes = Buffer.from(typeof manifest === "string" ? manifest : JSON.stringify(manifest));
    const digest = digestOf(bytes);
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    registry.push(name, {
      mediaType,
      bytes,
      digest,
      blobs: blobs.map((blob) => toBlob(blob, fluxType)),
    });
    return fetchArtifactManifests(registry, { ...name, digest }, AbortSignal.timeout(1_000));
  };

  test("give the files of the layer that Flux would take", async () => {
    const other = packTar(tarEntry("b.yaml", ""));
    const descriptor = (mediaType: string, blob: Uint8Array) => ({ mediaType, digest: digestOf(blob) });
    const layers = [descriptor("application/other", other), descriptor(fluxType, layer)];
    expect((await fetchFrom({ layers }, [layer, other])).map((file) => file.name)).toEqual(["a.yaml"]);
    const first = { layers: layers.slice(0, 1) };
    expect((await fetchFrom(first, [layer, other])).map((file) => file.name)).toEqual(["b.yaml"]);
  });

  test.each<[string, unknown]>([
    ["is no JSON", "hello"],
    ["has no layer", { layers: [] }],
    ["has layers that are none", { layers: "x" }],
    ["has a layer without digest", { layers: [{ mediaType: fluxType }] }],
    [
      "names a layer that is not there",
      { layers: [{ mediaType: fluxType, digest: `sha256:${"0".repeat(64)}` }] },
    ],
  ])("one that %s is refused", async (_, manifest) => {
    await expect(fetchFrom(manifest)).rejects.toMatchObject({ code: "CATALOG_INVALID" });
  });

  test("one that is not there is refused", async () => {
    const artifact = { ...name, digest: digestOf(layer) };
    const fetched = fetchArtifactManifests(createMemoryRegistry(), artifact, AbortSignal.timeout(1_000));
    await expect(fetched).rejects.toMatchObject({ code: "CATALOG_INVALID" });
  });
});
