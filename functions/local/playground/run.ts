import { createInterface } from "node:readline";
import { beforeAbort } from "../../../shared/adapters/remote/kept.ts";
import type { CliIo } from "../../../shared/cli/io.ts";
import { createPaint } from "../../../shared/cli/paint.ts";
import type { Log } from "../../../shared/pipeline/deps.ts";
import { createNarrator } from "./narrate.ts";
import { OBJECT, type Playground, RANGE, startPlayground } from "./playground.ts";
import { playStory, pushVersion, type Signing } from "./story.ts";

const SIGNINGS: ReadonlySet<string> = new Set<Signing>(["signed", "stranger", "unsigned", "late"]);
const isSigning = (text: string): text is Signing => SIGNINGS.has(text);

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

const introduce = (io: CliIo, { registry, runtime, receiver }: Playground): void => {
  const paint = createPaint(io);
  io.stdout.write(
    [
      `${paint.strong("Sluice playground")} (no sluice.yaml here: write one with \`npx sluice init\`, or read the README)`,
      `  registry  http://${registry}  sends its events to Sluice`,
      `  sluice    ${runtime.address}`,
      `  receiver  ${receiver.url}  checks as Flux's does`,
      `  object    ${OBJECT} takes ${RANGE} of ${registry}/acme/app, signed by acme/app's release workflow`,
      "",
    ].join("\n"),
  );
};

const HELP =
  "Push more: type `push 1.4.0`, `push 1.5.0 unsigned`, `push 1.6.0 stranger` or `push 1.7.0 late`; Ctrl-C ends it.";

/** Takes `push TAG [signed|stranger|unsigned|late]` lines until the person leaves. */
const takeOrders = async (io: CliIo, playground: Playground): Promise<void> => {
  const paint = createPaint(io);
  const narrator = createNarrator(io.stdout, paint, io.nowMs);
  let seen = (await playground.runtime.state.records({ newestFirst: true, limit: 1 }))[0]?.sequence ?? 0;
  const follow = setInterval(async () => {
    for (const record of await playground.runtime.state.records({ afterSequence: seen, limit: 100 })) {
      seen = record.sequence;
      narrator.decided(record);
    }
  }, 100);
  const lines = createInterface({ input: process.stdin, terminal: false, signal: io.signal });
  lines.on("line", (line) => {
    const [verb, tag = "", signing = "signed"] = line.trim().split(/\s+/);
    if (verb === "") return;
    if (verb !== "push" || !TAG.test(tag) || !isSigning(signing)) {
      io.stdout.write(`${HELP}\n`);
      return;
    }
    pushVersion(playground, tag, signing, narrator.did).catch((error: unknown) => {
      io.stderr.write(`sluice: ${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  await new Promise<void>((resolve) => io.signal.addEventListener("abort", () => resolve(), { once: true }));
  clearInterval(follow);
  lines.close();
};

/** Plays the story; with `once` it ends there, with exit code 1 if any step ended otherwise than it should. */
export const runPlayground = async (io: CliIo, once: boolean, log: Log): Promise<0 | 1> => {
  const playground = await startPlayground(log);
  try {
    introduce(io, playground);
    const paint = createPaint(io);
    // A story takes its time; who leaves amid it does not wait for its end.
    const asTold = await beforeAbort(
      playStory(playground, createNarrator(io.stdout, paint, io.nowMs)),
      io.signal,
    );
    const verdict = asTold
      ? paint.good("All five ended as they should.")
      : paint.bad("Not all ended as they should.");
    io.stdout.write(`\n${verdict}\n`);
    if (once) return asTold ? 0 : 1;
    io.stdout.write(`${HELP}\n`);
    await takeOrders(io, playground);
    return asTold ? 0 : 1;
  } finally {
    await playground.close();
  }
};
