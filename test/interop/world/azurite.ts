import { join } from "node:path";
import { AzureNamedKeyCredential, TableClient } from "@azure/data-tables";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { peerPackage } from "../install/cache.ts";
import { answers } from "./process.ts";
import { freePorts, type World } from "./world.ts";

/** The emulator's account and its key, which Microsoft publishes: it is no secret. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export interface Azurite {
  readonly queues: QueueServiceClient;
  readonly blobs: BlobServiceClient;
  table(name: string): TableClient;
}

const isAnswer = (status: number): boolean => status >= 200 && status < 500;

/** Microsoft's emulator of Blob, Queue and Table Storage; everything in memory. */
export const startAzurite = async (world: World): Promise<Azurite> => {
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
    ],
    isReady: async (signal) => {
      const ready = [blob, queue, table].map((port) =>
        answers(`http://127.0.0.1:${port}/`, isAnswer)(signal),
      );
      return (await Promise.all(ready)).every((each) => each);
    },
  });
  const shared = new StorageSharedKeyCredential(ACCOUNT, KEY);
  return {
    queues: new QueueServiceClient(`http://127.0.0.1:${queue}/${ACCOUNT}`, shared),
    blobs: new BlobServiceClient(`http://127.0.0.1:${blob}/${ACCOUNT}`, shared),
    table: (name) =>
      new TableClient(
        `http://127.0.0.1:${table}/${ACCOUNT}`,
        name,
        new AzureNamedKeyCredential(ACCOUNT, KEY),
        { allowInsecureConnection: true },
      ),
  };
};
