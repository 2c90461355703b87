import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AzureNamedKeyCredential, TableClient } from "@azure/data-tables";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { peerPackage } from "../install/cache.ts";
import { freePorts, type World } from "./world.ts";

/** The emulator's account and its key, which Microsoft publishes: it is no secret. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export interface Azurite {
  readonly queues: QueueServiceClient;
  readonly blobs: BlobServiceClient;
  table(name: string): TableClient;
}

export interface StorageUris {
  readonly blob: string;
  readonly queue: string;
  readonly table: string;
}

const isAnswer = async (url: string, signal: AbortSignal): Promise<boolean> => {
  try {
    await (await fetch(url, { signal })).body?.cancel();
    return true;
  } catch (error) {
    // It speaks TLS with a certificate that this process does not know: it is there.
    const { code = "" } = (error as { cause?: { code?: string } }).cause ?? {};
    return /CERT|SIGNATURE|SSL|TLS/.test(code);
  }
};

const start = async (world: World, origin: string, options: readonly string[]): Promise<StorageUris> => {
  const [blob = 0, queue = 0, table = 0] = await freePorts(3);
  await world.start({
    name: "azurite",
    file: process.execPath,
    args: [
      join(peerPackage("azurite"), "dist/src/azurite.js"),
      "--inMemoryPersistence",
      "--silent",
      "--disableTelemetry",
      "--skipApiVersionCheck",
      `--blobPort=${blob}`,
      `--queuePort=${queue}`,
      `--tablePort=${table}`,
      ...options,
    ],
    isReady: async (signal) => {
      const ready = [blob, queue, table].map((port) => isAnswer(`${origin}:${port}/`, signal));
      return (await Promise.all(ready)).every((each) => each);
    },
  });
  const toUri = (port: number): string => `${origin}:${port}/${ACCOUNT}`;
  return { blob: toUri(blob), queue: toUri(queue), table: toUri(table) };
};

/** Microsoft's emulator of Blob, Queue and Table Storage; everything in memory. */
export const startAzurite = async (world: World): Promise<Azurite> => {
  const uris = await start(world, "http://127.0.0.1", []);
  const shared = new StorageSharedKeyCredential(ACCOUNT, KEY);
  return {
    queues: new QueueServiceClient(uris.queue, shared),
    blobs: new BlobServiceClient(uris.blob, shared),
    table: (name) =>
      new TableClient(uris.table, name, new AzureNamedKeyCredential(ACCOUNT, KEY), {
        allowInsecureConnection: true,
      }),
  };
};

/**
 * The same over TLS, for bearer tokens: it looks at their issuer, audience and times. `certificate` and `key` are for
 * the name `localhost`.
 */
export const startAzuriteForTokens = async (
  world: World,
  { certificate, key }: { readonly certificate: string; readonly key: string },
): Promise<StorageUris> => {
  const [certificateFile, keyFile] = [join(world.folder, "azurite.pem"), join(world.folder, "azurite.key")];
  await Promise.all([writeFile(certificateFile, certificate), writeFile(keyFile, key)]);
  return start(world, "https://localhost", [
    "--oauth=basic",
    `--cert=${certificateFile}`,
    `--key=${keyFile}`,
  ]);
};
