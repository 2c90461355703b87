import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import { usageError } from "../../shared/cli/cli-error.ts";
import type { ServeRequest } from "../../shared/cli/commands/serve.ts";
import type { CliIo } from "../../shared/cli/io.ts";
import { createPaint } from "../../shared/cli/paint.ts";
import { printable } from "../../shared/cli/printable.ts";
import type { Config } from "../../shared/config/config.ts";
import { parseConfig } from "../../shared/config.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { createJsonLog } from "../wiring/json-log.ts";
import { runPlayground } from "./playground/run.ts";
import { type LocalRuntime, startLocalRuntime } from "./runtime.ts";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** For scripts on standard output, because the log's lines go to standard error. */
const announce = (io: CliIo, { json }: ServeRequest, config: Config, runtime: LocalRuntime): void => {
  const { address, findings } = runtime;
  const { mode, state } = config;
  const errors = findings.filter(({ severity }) => severity === "error");
  if (json) {
    io.stdout.write(`${JSON.stringify({ mode, address, state: state.path, errors })}\n`);
    return;
  }
  const paint = createPaint(io);
  io.stderr.write(
    `sluice: ${paint.strong(`mode ${mode}`)}, listening on ${address}, state in ${state.path}\n`,
  );
  for (const { message, where } of errors) {
    const place = where === undefined ? "" : `${where.file}:${where.line}: `;
    io.stderr.write(`sluice: ${printable(`${place}${message}`)}\n`);
  }
};

const serveConfig = async (io: CliIo, options: ServeRequest, log: Log): Promise<0> => {
  const { text, file, baseFolder } = await readConfigText(options.config, io.cwd);
  const config = parseConfig(text, { file, baseFolder });
  const runtime = await startLocalRuntime(config, { env: io.env, log });
  announce(io, options, config, runtime);
  if (!io.signal.aborted) {
    await new Promise<void>((done) => io.signal.addEventListener("abort", () => done(), { once: true }));
  }
  await runtime.stop();
  return 0;
};

/** Serves sluice.yaml until stopped; without one, and unless one was asked for, opens the playground. */
export const serve = async (io: CliIo, options: ServeRequest): Promise<0 | 1> => {
  const toStderr = createJsonLog((line) => io.stderr.write(line), io.nowMs);
  // A file that a person named and that is missing is an error, not a reason to open the playground.
  const opens =
    options.playground || (!options.configGiven && !(await exists(resolve(io.cwd, options.config))));
  if (!opens && (options.once || options.verbose)) {
    const file = resolve(io.cwd, options.config);
    throw usageError(
      `--once and --verbose are for the playground, and ${file} is to be served; add --playground`,
    );
  }
  if (opens && options.json) {
    throw usageError("the playground tells its story in words; leave --json out, or serve a sluice.yaml");
  }
  if (opens) return runPlayground(io, options.once, options.verbose ? toStderr : () => {});
  return serveConfig(io, options, toStderr);
};
