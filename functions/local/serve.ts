import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { readConfigText } from "../../shared/adapters/node/config-file.ts";
import type { ServeRequest } from "../../shared/cli/commands/serve.ts";
import type { CliIo } from "../../shared/cli/io.ts";
import { createPaint } from "../../shared/cli/paint.ts";
import { printable } from "../../shared/cli/printable.ts";
import { parseConfig } from "../../shared/config.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { createJsonLog } from "../common/json-log.ts";
import { runPlayground } from "./playground/run.ts";
import { startLocalRuntime } from "./runtime.ts";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const serveConfig = async (io: CliIo, options: ServeRequest, log: Log): Promise<0> => {
  const { text, file, baseFolder } = await readConfigText(options.config, io.cwd);
  const config = parseConfig(text, { file, baseFolder });
  const runtime = await startLocalRuntime(config, { env: io.env, log });
  const paint = createPaint(io);
  const errors = runtime.findings.filter(({ severity }) => severity === "error");
  io.stderr.write(
    `sluice: ${paint.strong(`mode ${config.mode}`)}, listening on ${runtime.address}, state in ${config.state.path}\n`,
  );
  for (const { message, where } of errors) {
    const place = where === undefined ? "" : `${where.file}:${where.line}: `;
    io.stderr.write(`sluice: ${printable(`${place}${message}`)}\n`);
  }
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
  if (opens) return runPlayground(io, options.once, options.verbose ? toStderr : () => {});
  return serveConfig(io, options, toStderr);
};
