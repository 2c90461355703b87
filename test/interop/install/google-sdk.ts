import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../recipe.ts";
import { PeerUnavailable, run } from "./command.ts";

const TIMEOUT_MS = 60_000;

/** Links the component's folder of the Google Cloud SDK into `<folder>/component`; says in one line what is missing. */
export const linkSdkComponent = async (
  { component, launcher }: Extract<Recipe, { kind: "google-sdk" }>,
  folder: string,
): Promise<void> => {
  const options = { cwd: folder, timeoutMs: TIMEOUT_MS };
  const wanted = `the ${component} of the Google Cloud SDK is needed: install it by \`gcloud components install ${component}\``;
  const root = await run("gcloud", ["info", "--format=value(installation.sdk_root)"], options).catch(
    (cause: unknown) => {
      throw new PeerUnavailable(`${wanted} (there is no gcloud)`, { cause });
    },
  );
  const source = join(root.trim(), "platform", component);
  if (!existsSync(join(source, launcher))) throw new PeerUnavailable(`${wanted} (not in ${root.trim()})`);
  await run("java", ["-version"], options).catch((cause: unknown) => {
    throw new PeerUnavailable(`Java 17 or newer is needed to run the ${component}`, { cause });
  });
  await symlink(source, join(folder, "component"));
};
