import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { Secret } from "../../artifact/secret.ts";
import { signFluxHmac } from "../../delivery/sign.ts";
import type { SecretRef } from "../../ports.ts";
import { usageError } from "../cli-error.ts";
import { type CliIo, type CommandIo, globalOptions, type Register } from "../io.ts";
import { deliverEvent, type PostAnswer } from "../notify/deliver-event.ts";
import { toOwnEvent } from "../notify/own-event.ts";
import { durationOption } from "../options.ts";
import { printError } from "../print-error.ts";
import { examples } from "../program.ts";

export interface NotifyPorts {
  /** A relative path is relative to the working folder. */
  readSecret(io: CliIo, ref: SecretRef): Promise<Secret>;
  /** One request, redirects not followed. Throws where no answer came. */
  post(
    url: URL,
    request: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array },
    signal: AbortSignal,
  ): Promise<PostAnswer>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

interface NotifyOptions {
  readonly to?: string;
  readonly digest?: string;
  readonly signed?: boolean;
  readonly mediaType?: string;
  readonly id?: string;
  readonly secretEnv?: string;
  readonly secretFile?: string;
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const URL_VARIABLE = "SLUICE_URL";
const SECRET_VARIABLE = "SLUICE_SECRET";

const toUrl = (text: string | undefined): URL => {
  if (text === undefined || text === "") {
    throw usageError(
      `no endpoint; write --to https://sluice.example.com/events/sluice, or set ${URL_VARIABLE}`,
    );
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw usageError(`${text} is not an http or https address`);
  }
  return url;
};

const secretOf = ({ secretEnv, secretFile }: NotifyOptions): SecretRef => {
  if (secretEnv !== undefined && secretFile !== undefined) {
    throw usageError("--secret-env and --secret-file are two places for one secret; write one of them");
  }
  return secretFile === undefined ? { env: secretEnv ?? SECRET_VARIABLE } : { file: secretFile };
};

const run = async (
  ports: NotifyPorts,
  io: CommandIo,
  reference: string,
  options: NotifyOptions,
  json: boolean,
): Promise<void> => {
  const { digest, mediaType, signed = false, id = randomUUID() } = options;
  const event = toOwnEvent({
    reference,
    signed,
    id,
    ...(digest === undefined ? {} : { digest }),
    ...(mediaType === undefined ? {} : { mediaType }),
  });
  const url = toUrl(options.to ?? io.env[URL_VARIABLE]);
  const secret = await ports.readSecret(io, secretOf(options));
  const body = new TextEncoder().encode(event);
  const headers = { "content-type": "application/json", ...signFluxHmac(body, secret, "sha256") };
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(options.timeout ?? DEFAULT_TIMEOUT_MS)]);
  const post = (within: AbortSignal) => ports.post(url, { headers, body }, within);
  const { status, line } = await deliverEvent({ post, sleep: ports.sleep, nowMs: io.nowMs }, signal);
  if (status >= 200 && status < 300) {
    io.stdout.write(
      json ? `${JSON.stringify({ status, event: JSON.parse(event) })}\n` : `${url.host} took it\n`,
    );
    return;
  }
  printError(io, json, {
    code: "REFUSED",
    message: `${url.host} answered ${status}${line === "" ? "" : `: ${line}`}`,
  });
  io.exitWith(1);
};

/** `sluice notify`: a CI job says what it pushed or signed. */
export const createNotifyCommand =
  (ports: NotifyPorts): Register =>
  (program, io) => {
    program
      .command("notify")
      .summary("tell Sluice what was pushed or signed")
      .description(
        "Signs one event of Sluice's own and posts it to a source of type `sluice`, for CI jobs and for registries that send no events. Sluice reads the registry itself: the event says only where to look.\nTries again for up to a minute what may pass by itself.\nExit code 0 taken, 1 refused, 2 not reached or the command was wrong.",
      )
      .argument("<reference>", "what was pushed: registry/repository:tag, with @sha256:… if known")
      .option("--to <url>", `the source's address (default: $${URL_VARIABLE})`)
      .option("--digest <digest>", "what the tag names, as the push printed it")
      .option("--signed", "a signature was pushed for it")
      .option("--media-type <type>", "media type of the manifest")
      .option("--id <id>", "the event's id; the same id is taken once (default: a new one)")
      .option(
        "--secret-env <name>",
        `environment variable with the source's secret (default: ${SECRET_VARIABLE})`,
      )
      .option("--secret-file <path>", "file with the source's secret")
      .option("--timeout <duration>", "give up after this time (default: 60s)", durationOption)
      .addHelpText(
        "after",
        examples(
          "sluice notify ghcr.io/acme/shop:1.4.2 \\",
          "    --to https://sluice.example.com/events/sluice",
          "sluice notify ghcr.io/acme/shop@sha256:… --signed \\",
          "    --secret-file /run/secrets/sluice",
        ),
      )
      .action((reference: string, options: NotifyOptions, command: Command) =>
        run(ports, io, reference, options, globalOptions(command).json),
      );
  };
