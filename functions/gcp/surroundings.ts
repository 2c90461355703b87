import {
  createMetadataAccessToken,
  createMetadataCallerIdentity,
} from "../../shared/adapters/gcp/metadata-server.ts";
import { createJsonLog } from "../wiring/json-log.ts";
import { readPlace, toNames } from "./names.ts";
import type { Surroundings } from "./runtime.ts";

/** Lines that Cloud Logging reads as JSON. */
export const functionLog = createJsonLog((lines) => process.stdout.write(lines), Date.now);

/** What a function finds around it: its environment, and the metadata server that says who it is. */
export const readSurroundings = (env: Readonly<Record<string, string | undefined>>): Surroundings => {
  const clock = { nowMs: Date.now };
  const host = env.GCE_METADATA_HOST;
  const metadata = { fetch: globalThis.fetch, nowMs: clock.nowMs, ...(host === undefined ? {} : { host }) };
  return {
    env,
    clock,
    names: toNames(readPlace(env)),
    log: functionLog,
    token: createMetadataAccessToken(metadata),
    callerIdentity: createMetadataCallerIdentity(metadata),
  };
};
