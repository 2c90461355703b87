import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("../child/warm-handler.ts", import.meta.url));
const TIMEOUT_MS = 60_000;

interface Answer {
  readonly cpuMs: number;
  readonly failed: number;
}

/** One instance of a bundled function, kept between events as Lambda keeps it. */
export const startWarm = async (bundle: string, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [CHILD, bundle], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const next = async (): Promise<unknown> => {
    // Each turn takes its listeners away again: the child lives for hundreds of them.
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const ended = once(child, "exit", { signal }).then(([code]) => {
      throw new Error(`${bundle} ended with exit code ${code}`);
    });
    try {
      const [message] = await Promise.race([once(child, "message", { signal }), ended]);
      return message;
    } finally {
      over.abort();
    }
  };
  await next();
  return {
    /** Milliseconds of processor time until the event was answered. */
    async invoke(event: unknown): Promise<number> {
      const answered = next();
      child.send(event as object);
      const { cpuMs, failed } = (await answered) as Answer;
      if (failed > 0) throw new Error(`${bundle} failed an event`);
      return cpuMs;
    },
    async close(): Promise<void> {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
};
