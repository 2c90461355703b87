import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Secret } from "../../artifact/secret.ts";
import { PipelineError } from "../../errors.ts";
import type { EntraTokenSource } from "./entra-token.ts";

const CODE = "SECRET_UNAVAILABLE";
/** It is a program of its own, and slow to start. */
export const CLI_TIMEOUT_MS = 60_000;
const execute = promisify(execFile);

interface CliToken {
  readonly accessToken?: unknown;
  readonly expires_on?: unknown;
}

const parse = (stdout: string): CliToken => {
  try {
    return JSON.parse(stdout) as CliToken;
  } catch {
    return {};
  }
};

/** Tokens of the person who is logged in to Azure's command line. Its output holds the token, so none of it is repeated. */
export const createCliIdentity =
  (env: Readonly<Record<string, string | undefined>>): EntraTokenSource =>
  async (resource, signal) => {
    const args = ["account", "get-access-token", "--resource", resource, "--output", "json"];
    const options = { env, signal, timeout: CLI_TIMEOUT_MS };
    // An error of it would bring the output along.
    const { stdout } = await execute("az", args, options).catch(() => ({ stdout: "" }));
    const { accessToken, expires_on: expiresOn } = parse(stdout);
    if (typeof accessToken === "string" && typeof expiresOn === "number") {
      return { value: new Secret(accessToken), expiresAtMs: expiresOn * 1_000 };
    }
    const message = `\`az\` gave no token for ${resource}; install Azure's command line 2.54 or newer and log in with \`az login\``;
    throw new PipelineError(message, { code: CODE });
  };
