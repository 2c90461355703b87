import { spawn } from "node:child_process";

/** A program that ran to its end, with all that it said, in order. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  /** Standard output and standard error together. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
const TIMED_OUT = 124;

/** Runs a program without judging its exit code; one that does not end is killed and reported as 124. */
export const runToEnd = (file: string, args: readonly string[], options: RunOptions): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(file, args, {
      cwd: options.cwd,
      env,
      stdio: "pipe",
    });
    const overdue = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? TIMEOUT_MS).unref();
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(overdue);
      resolve({ code: code ?? TIMED_OUT, stdout, output });
    });
  });
