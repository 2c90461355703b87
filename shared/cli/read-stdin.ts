import { usageError } from "./cli-error.ts";
import type { CliIo } from "./io.ts";

/** All of standard input, capped. */
export const readStdin = async ({ stdin }: CliIo, maxBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stdin()) {
    length += chunk.byteLength;
    if (length > maxBytes) throw usageError(`standard input is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** Standard input line by line, without line breaks; a last line needs none. One line is held at a time. */
export async function* readLines({ stdin }: CliIo, maxLineBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  const tooLong = () => usageError(`a line of standard input is longer than ${maxLineBytes} bytes`);
  for await (const chunk of stdin()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineBytes) throw tooLong();
    for (const line of lines) {
      if (line.length > maxLineBytes) throw tooLong();
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
