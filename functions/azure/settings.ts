import { PipelineError } from "../../shared/errors.ts";
import { STORAGE } from "./names.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What Bicep sets for every function. */
export interface AzureSettings {
  readonly queueUri: string;
  readonly tableUri: string;
  /** Names decisions' origin on the bus. */
  readonly stage: string;
  /** Of the function's user-assigned identity. */
  readonly clientId: string | undefined;
  readonly identity: { readonly url: string; readonly header: string } | undefined;
  /** Absent: `{secret: …}` cannot be read. */
  readonly vaultUri: string | undefined;
  /** Absent: decisions are told to nobody. */
  readonly eventGridEndpoint: string | undefined;
}

const optional = (env: Environment, name: string): string | undefined => {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value.replace(/\/+$/, "");
};

const required = (env: Environment, name: string): string => {
  const value = optional(env, name);
  if (value !== undefined) return value;
  throw new PipelineError(`the app setting ${name} is missing; infra/azure/main.bicep sets it`, {
    code: "CONFIG_INVALID",
  });
};

/** Reads the app settings. Throws `CONFIG_INVALID` with the name of one that is missing. */
export const readSettings = (env: Environment): AzureSettings => {
  const url = optional(env, "IDENTITY_ENDPOINT");
  return {
    queueUri: required(env, `${STORAGE}__queueServiceUri`),
    tableUri: required(env, `${STORAGE}__tableServiceUri`),
    stage: required(env, "SLUICE_STAGE"),
    clientId: optional(env, "AZURE_CLIENT_ID"),
    identity: url === undefined ? undefined : { url, header: required(env, "IDENTITY_HEADER") },
    vaultUri: optional(env, "SLUICE_KEY_VAULT_URI"),
    eventGridEndpoint: optional(env, "SLUICE_EVENT_GRID_ENDPOINT"),
  };
};
