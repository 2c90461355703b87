import { homedir } from "node:os";
import { createApplicationDefaultToken } from "../../shared/adapters/gcp/application-default.ts";
import { createMetadataAccessToken } from "../../shared/adapters/gcp/metadata-server.ts";
import type { OpenStage } from "../wiring/operator.ts";
import { readPlace, toNames } from "./names.ts";
import { openGoogleCloud } from "./runtime.ts";

/** Opens a stage with the operator's own login; GOOGLE_CLOUD_PROJECT and SLUICE_LOCATION say where it is. */
export const openStage: OpenStage = async ({ env, nowMs, stage }) => {
  const fetch = globalThis.fetch;
  const host = env.GCE_METADATA_HOST;
  const token = createApplicationDefaultToken({
    fetch,
    nowMs,
    env,
    home: homedir(),
    otherwise: createMetadataAccessToken({ fetch, nowMs, ...(host === undefined ? {} : { host }) }),
  });
  const names = toNames(readPlace(env, stage));
  const cloud = openGoogleCloud({ env, names, clock: { nowMs }, log: () => {}, token });
  return { ...cloud, close: async () => {} };
};
