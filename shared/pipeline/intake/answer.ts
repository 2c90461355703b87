import type { Answer } from "../../push/source.ts";

/** One line of text. */
export const say = (status: number, line: string, headers: Answer["headers"] = {}): Answer => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  body: `${line}\n`,
});
