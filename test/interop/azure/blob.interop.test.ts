import { afterAll, beforeAll } from "vitest";
import { openBlobObjects } from "../../../shared/adapters/azure/blob-objects.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import { describeObjectReader } from "../../contract/object-reader.suite.ts";
import { type Azurite, startAzurite } from "../world/azurite.ts";
import { createWorld, type World } from "../world/world.ts";

let world: World;
let azurite: Azurite;

beforeAll(async () => {
  world = await createWorld();
  azurite = await startAzurite(world);
});
afterAll(() => world.close());

let opened = 0;

describeObjectReader("Blob Storage (Azurite)", async () => {
  opened += 1;
  const container = azurite.blobs.getContainerClient(`sluice-${opened}`);
  await container.create();
  const urlOf = (name: string): string =>
    `https://acme.blob.core.windows.net/${container.containerName}/${name.replaceAll(" ", "%20")}`;
  const tokens = async () => ({ value: new Secret("unused"), expiresAtMs: Number.POSITIVE_INFINITY });
  return {
    // Only the account's name and how it is shown who asks are the emulator's.
    objects: openBlobObjects(tokens, (url) => {
      const [, , ...name] = decodeURIComponent(new URL(url).pathname).split("/");
      return container.getBlobClient(name.join("/"));
    }),
    urlOf,
    async put(name, bytes) {
      await container.getBlockBlobClient(name).uploadData(bytes);
    },
    close: async () => {},
  };
});
