import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
/** `utime` and `stime` of /proc/<pid>/stat, counted behind the closing bracket of the name; in 1/100 s on Linux. */
const USER_TICKS = 11;
const TICK_MS = 10;

const parseCpuList = (list: string): readonly number[] =>
  list.split(",").flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });

const allowedCpus = (): readonly number[] => {
  if (!existsSync("/proc/self/status")) return [];
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return list === undefined ? [] : parseCpuList(list);
};

/** Where a measured process and whoever puts load on it run. */
export interface Cores {
  readonly measured: string;
  readonly others: string;
}

/** One core for what is measured, the rest for the rest; undefined where processes cannot be pinned. */
export const splitCores = (): Cores | undefined => {
  const [first, ...rest] = allowedCpus();
  if (first === undefined || rest.length === 0) return undefined;
  if (spawnSync("taskset", ["--version"], { stdio: "ignore" }).status !== 0) return undefined;
  return { measured: String(first), others: rest.join(",") };
};

export interface ProcessSettings {
  readonly args: readonly string[];
  /** List of cores as `taskset -c` takes it. */
  readonly cores?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

const spawnNode = (
  { args, cores, env }: ProcessSettings,
  output: number | "pipe",
  errors: number | "inherit",
): ChildProcess => {
  const command = [...(cores === undefined ? [] : ["taskset", "-c", cores]), process.execPath, ...args];
  const [file = process.execPath, ...rest] = command;
  return spawn(file, rest, { env: { ...process.env, ...env }, stdio: ["ignore", output, errors] });
};

/** Runs a program to its end and parses the JSON it prints. */
export const runToJson = async (settings: ProcessSettings): Promise<unknown> => {
  const child = spawnNode(settings, "pipe", "inherit");
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${settings.args[0]} ended with exit code ${code}`);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
};

/** One run of a program, in milliseconds. */
export interface RunTimes {
  /** From its start to its end. */
  readonly wallMs: number;
  /** The processor's, by what the program says of itself in its last line: `cpu 123.4`. */
  readonly cpuMs: number;
}

/** Throws where the program fails, with what it said. */
export const runProcess = async (settings: ProcessSettings): Promise<RunTimes> => {
  const startMs = performance.now();
  const child = spawnNode(settings, "pipe", "inherit");
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${settings.args.join(" ")} ended with exit code ${code}: ${said}`);
  const wallMs = performance.now() - startMs;
  const [, cpu] = /^cpu ([\d.]+)$/m.exec(said) ?? [];
  if (cpu === undefined) throw new Error(`${settings.args.join(" ")} did not say what it cost: ${said}`);
  return { wallMs, cpuMs: Number(cpu) };
};

export interface RunningServer {
  /** `http://127.0.0.1:port` */
  readonly address: string;
  /** Processor time used so far; NaN where the system does not tell. */
  cpuMs(): number;
  /** Largest resident memory so far, in MB; NaN where the system does not tell. */
  peakMb(): number;
  stop(): Promise<void>;
}

const readCpuMs = (pid: number): number => {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return Number.NaN;
  const text = readFileSync(path, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TICKS]) + Number(fields[USER_TICKS + 1])) * TICK_MS;
};

const readPeakMb = (pid: number): number => {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return Number.NaN;
  const [, kib] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(path, "utf8")) ?? [];
  return (Number(kib) * 1_024) / 1e6;
};

const awaitAddress = async (child: ChildProcess, logPath: string): Promise<string> => {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const log = readFileSync(logPath, "utf8");
    const [, address] = /listening on (http:\/\/[^\s,]+)/.exec(log) ?? [];
    if (address !== undefined) return address;
    if (child.exitCode !== null) throw new Error(`the server did not start: ${log}`);
    await wait(POLL_MS);
  }
  throw new Error("the server did not start in time");
};

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
};

/** Starts a server that says `listening on <address>`; what it writes goes to a file, as under a service manager. */
export const startServer = async (settings: ProcessSettings, logPath: string): Promise<RunningServer> => {
  const log = openSync(logPath, "w");
  const child = spawnNode(settings, log, log);
  closeSync(log);
  try {
    const address = await awaitAddress(child, logPath);
    const pid = child.pid ?? 0;
    return {
      address,
      cpuMs: () => readCpuMs(pid),
      peakMb: () => readPeakMb(pid),
      stop: () => stopChild(child),
    };
  } catch (error) {
    await stopChild(child);
    throw error;
  }
};
