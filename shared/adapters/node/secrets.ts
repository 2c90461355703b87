import { open } from "node:fs/promises";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { SecretRef, SecretSource } from "../../ports.ts";

const MAX_BYTES = 1_048_576;

interface CachedFile {
  readonly stamp: string;
  readonly secret: Secret;
}

/** The same object while it has the same value, so that readers may keep what they make of it. */
interface CachedVariable {
  readonly value: string;
  readonly secret: Secret;
}

const unavailable = (message: string, cause?: unknown): PipelineError =>
  new PipelineError(message, { code: "SECRET_UNAVAILABLE", cause });

const unreadable = (path: string, cause: unknown): PipelineError => {
  const code = (cause as NodeJS.ErrnoException).code ?? "no reason given";
  return unavailable(`secret file ${path} cannot be read (${code}); check its path and permissions`, cause);
};

const checkedValue = (name: string, env: Readonly<Record<string, string | undefined>>): string => {
  const value = env[name];
  if (value === undefined)
    throw unavailable(`environment variable ${name} is not set; set it where sluice runs`);
  // An empty HMAC key or token would be accepted everywhere and protect nothing.
  if (value === "") throw unavailable(`environment variable ${name} is empty; set it where sluice runs`);
  return value;
};

const readFromFile = async (path: string, cached: CachedFile | undefined): Promise<CachedFile> => {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    // By the open handle: what is measured is what is read, even if the file is swapped meanwhile.
    const { size, mtimeNs, ino } = await handle.stat({ bigint: true });
    const stamp = `${ino}:${size}:${mtimeNs}`;
    if (cached?.stamp === stamp) return cached;
    if (size > MAX_BYTES) throw unavailable(`secret file ${path} is larger than 1 MiB`);
    const buffer = new Uint8Array(MAX_BYTES + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, 0);
    if (bytesRead === 0) throw unavailable(`secret file ${path} is empty`);
    if (bytesRead > MAX_BYTES) throw unavailable(`secret file ${path} is larger than 1 MiB`);
    return { stamp, secret: new Secret(buffer.subarray(0, bytesRead)) };
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw unreadable(path, cause);
  } finally {
    await handle.close();
  }
};

/** Secrets from the given environment and from files; a file is read again when it has changed. */
export const createNodeSecrets = (env: Readonly<Record<string, string | undefined>>): SecretSource => {
  const files = new Map<string, CachedFile>();
  const variables = new Map<string, CachedVariable>();
  const readVariable = (name: string): Secret => {
    const value = checkedValue(name, env);
    const cached = variables.get(name);
    if (cached?.value === value) return cached.secret;
    const secret = new Secret(value);
    variables.set(name, { value, secret });
    return secret;
  };
  return {
    async read(ref: SecretRef) {
      if ("env" in ref) return readVariable(ref.env);
      if ("secret" in ref) {
        throw unavailable(`secret ${ref.secret}: one machine has no secret store; use {env: …} or {file: …}`);
      }
      const current = await readFromFile(ref.file, files.get(ref.file));
      files.set(ref.file, current);
      return current.secret;
    },
  };
};
