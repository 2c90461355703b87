import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { NamedSecrets } from "../remote/named-secrets.ts";

export interface NamedSecretsSettings {
  /** Made on the first secret of their kind: most deployments have one kind. */
  readonly secretsManager: () => Promise<SecretsManagerClient>;
  readonly ssm: () => Promise<SSMClient>;
}

/** The stores' own words for what asking again does not change; a secret that is being deleted is an invalid request. */
const REFUSALS: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "DecryptionFailure",
  "InvalidRequestException",
  "ParameterNotFound",
  "ParameterVersionNotFound",
  "ResourceNotFoundException",
  "ValidationException",
]);

type Value = string | Uint8Array | undefined;

const fromSecretsManager = async (
  client: SecretsManagerClient,
  name: string,
  abortSignal: AbortSignal,
): Promise<Value> => {
  const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  const command = new GetSecretValueCommand({ SecretId: name });
  const { SecretString, SecretBinary } = await client.send(command, { abortSignal });
  return SecretString ?? SecretBinary;
};

const fromSsm = async (client: SSMClient, name: string, abortSignal: AbortSignal): Promise<Value> => {
  const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
  const command = new GetParameterCommand({ Name: name, WithDecryption: true });
  const { Parameter } = await client.send(command, { abortSignal });
  return Parameter?.Value;
};

/** Secrets by name: Secrets Manager, or SSM Parameter Store for names that begin with a slash. */
export const createAwsNamedSecrets = ({ secretsManager, ssm }: NamedSecretsSettings): NamedSecrets => {
  const read = async (name: string, signal: AbortSignal): Promise<Value> =>
    name.startsWith("/")
      ? fromSsm(await ssm(), name, signal)
      : fromSecretsManager(await secretsManager(), name, signal);
  return async (name, signal) => {
    const place = name.startsWith("/") ? "SSM Parameter Store" : "Secrets Manager";
    try {
      const value = await read(name, signal);
      if (value === undefined || value.length === 0) return { refused: `is empty in ${place}` };
      return new Secret(value);
    } catch (cause) {
      const word = cause instanceof Error ? cause.name : "an error";
      if (REFUSALS.has(word)) return { refused: `${place} answered ${word}` };
      // Without the cause: an answer that cannot be read is quoted there.
      const message = `secret ${name}: ${place} answered ${word}`;
      // biome-ignore lint/style/useErrorCause: it may hold the secret.
      throw new PipelineError(message, { code: "SECRET_UNAVAILABLE" });
    }
  };
};
