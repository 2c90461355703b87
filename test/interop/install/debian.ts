import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PeerUnavailable, run } from "./command.ts";

/** Unpacks a Debian package under `<folder>/root`; nothing is installed on the machine. */
export const unpackDebian = async (name: string, pin: string, folder: string): Promise<void> => {
  const download = () => run("apt-get", ["download", `${name}=${pin}`], { cwd: folder });
  try {
    await download().catch(async () => {
      // A machine without package lists, such as a fresh image.
      await run("apt-get", ["update", "-q"], { cwd: folder });
      await download();
    });
  } catch (cause) {
    throw new PeerUnavailable(`${name} ${pin} is not to be had by apt-get: it needs Debian or Ubuntu`, {
      cause,
    });
  }
  const archive = (await readdir(folder)).find((entry) => entry.endsWith(".deb"));
  if (archive === undefined) throw new PeerUnavailable(`apt-get download ${name} left no archive`);
  await run("dpkg", ["-x", join(folder, archive), join(folder, "root")], { cwd: folder });
};
