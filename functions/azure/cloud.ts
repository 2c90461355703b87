import { createAcrCredentials } from "../../shared/adapters/azure/acr-credentials.ts";
import { createEntraCallerIdentity } from "../../shared/adapters/azure/caller-identity.ts";
import { createEventGridBus } from "../../shared/adapters/azure/event-grid-bus.ts";
import { openTable } from "../../shared/adapters/azure/open-table.ts";
import { createTableStateStore } from "../../shared/adapters/azure/tables/state-store.ts";
import { createLazyGuardedFetch } from "../../shared/adapters/node/lazy-guarded-fetch.ts";
import type { Config } from "../../shared/config/config.ts";
import type { ObjectReader } from "../../shared/ports.ts";
import type { Cloud } from "../wiring/functions.ts";
import { TABLES } from "./names.ts";
import type { AzureRuntime } from "./runtime.ts";

const MAX_LOGIN_BYTES = 256 * 1024;

/** The catalog from Blob Storage; its client is loaded only by who reads one. */
const createLazyObjects = ({ tokens }: AzureRuntime): ObjectReader => ({
  async read(url, maxBytes, signal) {
    const { openBlobObjects } = await import("../../shared/adapters/azure/blob-objects.ts");
    return openBlobObjects(tokens).read(url, maxBytes, signal);
  },
});

/** What the functions that work under the catalog add. */
export const createCloud = (runtime: AzureRuntime): Cloud => {
  const { settings, clock, log, tokens, secrets, queue } = runtime;
  const { eventGridEndpoint: endpoint } = settings;
  const source = `/sluice/${settings.stage}`;
  return {
    clock,
    log,
    secrets,
    queue,
    state: createTableStateStore(openTable(settings.tableUri, TABLES.state, tokens), clock),
    objects: createLazyObjects(runtime),
    ...(endpoint === undefined ? {} : { bus: createEventGridBus({ endpoint, tokens, fetch, source }) }),
  };
};

/** Logins for the app that reads registries: Azure's by managed identity, other clouds' by federation with it. */
export const createLogins = (
  { tokens, clock }: Pick<AzureRuntime, "tokens" | "clock">,
  config: Config,
): Pick<Cloud, "registryCredentials" | "callerIdentity"> => {
  const { fetch: guarded } = createLazyGuardedFetch({
    allow: config.network.allowPrivate,
    maxResponseBytes: MAX_LOGIN_BYTES,
  });
  return {
    registryCredentials: [createAcrCredentials({ tokens, fetch: guarded, clock })],
    callerIdentity: createEntraCallerIdentity(tokens),
  };
};
