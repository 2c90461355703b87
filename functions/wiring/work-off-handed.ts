import type { Log } from "../../shared/pipeline/deps.ts";
import { type Settleable, workOff } from "../../shared/pipeline/worker.ts";
import type { Random, Work, WorkSettler } from "../../shared/ports.ts";
import type { PushSource } from "../../shared/push/source.ts";
import { type HandedMessage, readMessage } from "./read-message.ts";

export interface HandedDeps<Message extends HandedMessage & Settleable> {
  /** `complete` may do nothing where the platform forgets a message by itself. */
  readonly settler: WorkSettler<Message>;
  readonly random: Random;
  readonly log: Log;
  /** Tries of one message before it is parked: `limits.attempts`. */
  readonly maxAttempts: number;
  /** Reads events that the platform puts on the queue in its own form. */
  readonly source?: PushSource;
  readonly run: (work: Work) => Promise<void>;
}

type Read = { readonly works: readonly Work[] } | { readonly error: unknown };

const read = (message: HandedMessage, source: PushSource | undefined): Read => {
  try {
    return { works: readMessage(message, source) };
  } catch (error) {
    return { error };
  }
};

/**
 * Works off one message that the platform handed to us: done, tried again later, or parked with the reason. Throws
 * only when it could not be settled; then the platform's own redelivery follows.
 */
export const workOffHanded = <Message extends HandedMessage & Settleable>(
  { settler, random, log, maxAttempts, source, run }: HandedDeps<Message>,
  message: Message,
): Promise<void> => {
  const found = read(message, source);
  const [first] = "works" in found ? found.works : [];
  const runAll = async (): Promise<void> => {
    if ("error" in found) throw found.error;
    for (const work of found.works) await run(work);
  };
  return workOff(
    {
      consumer: settler,
      random,
      log,
      run: runAll,
      maxAttempts,
    },
    first === undefined ? message : { ...message, work: first },
  );
};
