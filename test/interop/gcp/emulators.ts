import { createGoogleApi, type GoogleApi } from "../../../shared/adapters/gcp/google-api.ts";
import { peerBinary } from "../install/cache.ts";
import { answers } from "../world/process.ts";
import { freePort, type World } from "../world/world.ts";

export interface Emulator {
  /** `127.0.0.1:<port>`, as it stands in `…_EMULATOR_HOST`. */
  readonly host: string;
  readonly url: string;
}

/** Emulators ask for no token. */
export const openApi = (): GoogleApi => createGoogleApi({ fetch: globalThis.fetch });

const toEmulator = (port: number): Emulator => ({
  host: `127.0.0.1:${port}`,
  url: `http://127.0.0.1:${port}`,
});

/** Google's own Firestore emulator. */
export const startFirestore = async (world: World): Promise<Emulator> => {
  const port = await freePort();
  await world.start({
    name: "firestore-emulator",
    // Not its launcher: that is a shell, which would leave Java behind when it is ended.
    file: "java",
    args: [
      "-Duser.language=en",
      "-cp",
      peerBinary("firestore-emulator"),
      "com.google.cloud.datastore.emulator.firestore.CloudFirestore",
      "start",
      "--host=127.0.0.1",
      `--port=${port}`,
    ],
    isReady: answers(`http://127.0.0.1:${port}/`),
  });
  return toEmulator(port);
};

/** Google's own Pub/Sub emulator. */
export const startPubSub = async (world: World): Promise<Emulator> => {
  const port = await freePort();
  await world.start({
    name: "pubsub-emulator",
    file: peerBinary("pubsub-emulator"),
    args: ["--host=127.0.0.1", `--port=${port}`],
    isReady: answers(`http://127.0.0.1:${port}/`),
  });
  return toEmulator(port);
};
