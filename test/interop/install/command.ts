import { spawn } from "node:child_process";

/** A peer cannot be had on this machine; the message is one line that says what to do. */
export class PeerUnavailable extends Error {
  override readonly name = "PeerUnavailable";
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const TAIL = 8;
const BUILD_TIMEOUT_MS = 60 * 60_000;

const lastLines = (text: string): string => text.trimEnd().split("\n").slice(-TAIL).join("\n  ");

/** Runs a program to its end and gives its standard output; a failure names the program and its last words. */
export const run = (file: string, args: readonly string[], options: CommandOptions): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Not spawn's own `timeout`: its timer outlives a program that could not be started.
    const overdue = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? BUILD_TIMEOUT_MS).unref();
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-64 * 1024);
    });
    child.on("error", (cause) => reject(new PeerUnavailable(`${file} cannot be started`, { cause })));
    child.on("close", (code, signal) => {
      clearTimeout(overdue);
      if (code === 0) return resolve(stdout);
      const words = [file, ...args].join(" ");
      reject(new PeerUnavailable(`${words} ended with ${signal ?? code}\n  ${lastLines(stderr)}`));
    });
  });
