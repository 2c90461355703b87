import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Answer } from "./answers.ts";
import type { Case } from "./cases.ts";

/** Runs the Go judge over some lines and returns its answers, in order. */
export const runJudge = async (binary: string, lines: Iterable<object>): Promise<readonly unknown[]> => {
  const child = spawn(binary, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const output = text(child.stdout);
  const complaints = text(child.stderr);
  child.stdin.end([...lines].map((line) => `${JSON.stringify(line)}\n`).join(""));
  const [code, answers] = await Promise.all([ended, output]);
  if (code !== 0) throw new Error(`the judge ended with ${code}: ${await complaints}`);
  return answers
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
};

export interface Judged {
  readonly given: Case;
  readonly judge: Answer;
}

export const judgeCases = async (binary: string, cases: readonly Case[]): Promise<readonly Judged[]> => {
  const answers = await runJudge(binary, cases);
  if (answers.length !== cases.length) throw new Error("the judge left cases unanswered");
  return cases.map((given, index) => ({ given, judge: answers[index] as Answer }));
};
