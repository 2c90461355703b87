import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";

/** How long a secret is used before it is read again: a rotated one counts within that time. */
const CACHED_MS = 60_000;
const MAX_CACHED = 1_000;

export interface NamedSecretsSettings {
  readonly clock: Clock;
  /** Made on the first secret of their kind: most deployments have one kind. */
  readonly secretsManager: () => Promise<SecretsManagerClient>;
  readonly ssm: () => Promise<SSMClient>;
}

const unavailable = (name: string, why: string, cause?: unknown): PipelineError =>
  new PipelineError(`secret ${name}: ${why}`, { code: "SECRET_UNAVAILABLE", cause });

const fromSecretsManager = async (client: SecretsManagerClient, name: string): Promise<Secret> => {
  const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: name }));
  const value = SecretString ?? SecretBinary;
  if (value === undefined || value.length === 0) throw unavailable(name, "is empty in Secrets Manager");
  return new Secret(value);
};

const fromSsm = async (client: SSMClient, name: string): Promise<Secret> => {
  const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
  const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  if (!Parameter?.Value) throw unavailable(name, "is empty in SSM Parameter Store");
  return new Secret(Parameter.Value);
};

/** Secrets by name: Secrets Manager, or SSM Parameter Store for names that begin with a slash. */
export const createAwsNamedSecrets = ({
  clock,
  secretsManager,
  ssm,
}: NamedSecretsSettings): ((name: string) => Promise<Secret>) => {
  const cache = new Map<string, { readonly untilMs: number; readonly secret: Promise<Secret> }>();

  const read = async (name: string): Promise<Secret> => {
    try {
      return name.startsWith("/")
        ? await fromSsm(await ssm(), name)
        : await fromSecretsManager(await secretsManager(), name);
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      const place = name.startsWith("/") ? "SSM Parameter Store" : "Secrets Manager";
      throw unavailable(name, `${place} answered ${cause instanceof Error ? cause.name : "an error"}`, cause);
    }
  };

  return (name) => {
    const nowMs = clock.nowMs();
    const known = cache.get(name);
    if (known !== undefined && nowMs < known.untilMs) return known.secret;
    const secret = read(name);
    cache.delete(name);
    cache.set(name, { untilMs: nowMs + CACHED_MS, secret });
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
    // A failure is not kept: the next who asks tries again.
    secret.catch(() => {
      if (cache.get(name)?.secret === secret) cache.delete(name);
    });
    return secret;
  };
};
