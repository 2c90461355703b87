import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBlobObjects } from "../../../shared/adapters/azure/blob-objects.ts";
import type { ObjectReader } from "../../../shared/ports.ts";
import { startAzurite } from "../world/azurite.ts";
import { createWorld, type World } from "../world/world.ts";

let world: World;
let objects: ObjectReader;
const BYTES = Buffer.from('{"catalog":"ü"}');

beforeAll(async () => {
  world = await createWorld();
  const { blobs } = await startAzurite(world);
  const container = blobs.getContainerClient("sluice");
  await container.create();
  await container.getBlockBlobClient("catalog.json").uploadData(BYTES);
  await container.getBlockBlobClient("empty").uploadData(new Uint8Array());
  objects = createBlobObjects((url) => container.getBlobClient(new URL(url).pathname.split("/")[2] ?? ""));
});
afterAll(() => world.close());

const read = (blob: string, maxBytes = 1_024) =>
  objects.read(`https://acme.blob.core.windows.net/sluice/${blob}`, maxBytes, AbortSignal.timeout(10_000));

describe("ObjectReader: Blob Storage (Azurite)", () => {
  test("reads a blob as it is now", async () => {
    expect(Buffer.from(await read("catalog.json"))).toEqual(BYTES);
    expect(Buffer.from(await read("catalog.json", BYTES.byteLength))).toEqual(BYTES);
  });

  test("refuses what is larger than asked for, and what is not there", async () => {
    await expect(read("catalog.json", BYTES.byteLength - 1)).rejects.toMatchObject({
      code: "CATALOG_INVALID",
    });
    await expect(read("none")).rejects.toMatchObject({ code: "CATALOG_INVALID" });
  });

  test("ends with its signal as CATALOG_UNAVAILABLE", async () => {
    const url = "https://acme.blob.core.windows.net/sluice/catalog.json";
    await expect(objects.read(url, 1_024, AbortSignal.abort())).rejects.toMatchObject({
      code: "CATALOG_UNAVAILABLE",
    });
  });
});
