import { join } from "node:path";
import { peerJars } from "../install/cache.ts";
import { runToEnd } from "./command.ts";

/** Which of these events EventBridge's own matcher lets through; `pattern` as it stands in the rule. */
export const judgeEvents = async (
  pattern: unknown,
  events: readonly unknown[],
): Promise<readonly boolean[]> => {
  const input = events.map((event) => `${JSON.stringify(event)}\n${JSON.stringify(pattern)}\n`).join("");
  const judge = join(import.meta.dirname, "../java/Judge.java");
  const args = ["-XX:TieredStopAtLevel=1", "-cp", peerJars("event-ruler"), judge];
  const { code, stdout, output } = await runToEnd("java", args, { cwd: import.meta.dirname, input });
  if (code !== 0) throw new Error(`event-ruler ended with ${code}:\n${output}`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line === "true");
};
