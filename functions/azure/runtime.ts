import { type EntraTokenSource, keepEntraTokens } from "../../shared/adapters/azure/entra-token.ts";
import { createKeyVaultSecrets } from "../../shared/adapters/azure/key-vault-secrets.ts";
import { openLazyQueue } from "../../shared/adapters/azure/lazy-queue.ts";
import { createManagedIdentity } from "../../shared/adapters/azure/managed-identity.ts";
import { createStorageWorkQueue } from "../../shared/adapters/azure/storage-queue.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { NamedSecrets } from "../../shared/adapters/remote/named-secrets.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import type { Clock, SecretSource, WorkQueue } from "../../shared/ports.ts";
import { createJsonLog } from "../wiring/json-log.ts";
import { withNamedSecrets } from "../wiring/named-secrets.ts";
import { routeWork } from "../wiring/routed-queue.ts";
import { QUEUES } from "./names.ts";
import { type AzureSettings, type Environment, readSettings } from "./settings.ts";

/** What every function of a stage has: who it is, secrets, and the queues to send to. */
export interface AzureRuntime {
  readonly settings: AzureSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly tokens: EntraTokenSource;
  readonly secrets: SecretSource;
  readonly queue: WorkQueue;
}

/** Secrets of the environment, of files, and of the stage's vault. */
export const createSecrets = (
  env: Environment,
  { vaultUri: url }: AzureSettings,
  tokens: EntraTokenSource,
  clock: Clock,
): SecretSource => {
  const absent: NamedSecrets = async () => ({
    refused: "no Key Vault; set the app setting SLUICE_KEY_VAULT_URI",
  });
  const readNamed = url === undefined ? absent : createKeyVaultSecrets({ url, tokens, fetch });
  return withNamedSecrets(createNodeSecrets(env), readNamed, clock);
};

/** Both queues as one, for whoever `tokens` says that we are. */
export const createQueue = ({ queueUri }: AzureSettings, tokens: EntraTokenSource): WorkQueue => {
  const open = (name: string): WorkQueue => createStorageWorkQueue(openLazyQueue(queueUri, name, tokens));
  return routeWork({ evaluate: open(QUEUES.evaluate), deliver: open(QUEUES.deliver) });
};

/** Reads the environment and wires what all functions share. Throws `CONFIG_INVALID` for a missing setting. */
export const createAzureRuntime = (env: Environment): AzureRuntime => {
  const settings = readSettings(env);
  const clock = { nowMs: Date.now };
  const { clientId, identity } = settings;
  const managed = createManagedIdentity({
    fetch,
    ...(clientId === undefined ? {} : { clientId }),
    ...(identity === undefined ? {} : { endpoint: identity }),
  });
  const tokens = keepEntraTokens(managed, clock);
  return {
    settings,
    clock,
    // The host makes a trace of each line; alerts and the dashboard look for its `event`.
    log: createJsonLog((lines) => process.stdout.write(lines), clock.nowMs),
    tokens,
    secrets: createSecrets(env, settings, tokens, clock),
    queue: createQueue(settings, tokens),
  };
};
