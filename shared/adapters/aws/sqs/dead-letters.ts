import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { DeadLetter, DeadLetters } from "../../../ports.ts";
import { decodeWork, type WorkMessage } from "../../../work-message.ts";
import { answered } from "./send.ts";

export const REASON_ATTRIBUTE = "SluiceReason";
const MAX_REASON_LENGTH = 1_024;
/** What SQS itself moved here, after a function had died over it again and again. */
const REDRIVEN = "given up by the queue: received too often without an end";
/** Long enough to look through all of them, short enough for a person to try again. */
const LOOK_S = 60;
const MAX_LOOKED_THROUGH = 10_000;

/** SQS refuses control characters in attributes. */
export const toReasonAttribute = (reason: string): MessageAttributeValue => ({
  DataType: "String",
  StringValue: reason.replace(/[\p{Cc}\ufffe\uffff]+/gu, " ").slice(0, MAX_REASON_LENGTH) || "unknown",
});

interface Found extends DeadLetter {
  readonly body: string;
  readonly handle: string;
}

const read = (body: string): WorkMessage | undefined => {
  try {
    return decodeWork(body);
  } catch {
    // The platform's own event, or what nobody can read: shown by the queue's id.
    return undefined;
  }
};

const toFound = ({ MessageId, Body = "", ReceiptHandle, MessageAttributes, Attributes }: Message): Found => {
  const message = read(Body);
  return {
    id: message?.id ?? MessageId ?? "",
    ...(message === undefined ? {} : { work: message.work }),
    reason: MessageAttributes?.[REASON_ATTRIBUTE]?.StringValue ?? REDRIVEN,
    atMs: Number(Attributes?.SentTimestamp ?? 0),
    body: Body,
    handle: ReceiptHandle ?? "",
  };
};

/** Looks through a dead-letter queue, which SQS only lets one receive from. */
export const createSqsDeadLetters = (
  client: SQSClient,
  { queueUrl, deadLetterUrl }: { readonly queueUrl: string; readonly deadLetterUrl: string },
): DeadLetters => {
  const receive = async (): Promise<readonly Found[]> => {
    const { Messages = [] } = await answered(
      "dead letters",
      client.send(
        new ReceiveMessageCommand({
          QueueUrl: deadLetterUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: LOOK_S,
          // Asks all of SQS's servers; without it an answer may be empty although there are messages.
          WaitTimeSeconds: 1,
          MessageAttributeNames: [REASON_ATTRIBUTE],
          MessageSystemAttributeNames: ["SentTimestamp"],
        }),
      ),
    );
    return Messages.map(toFound);
  };

  const putBack = ({ handle }: Found): Promise<unknown> =>
    answered(
      "dead letters",
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: deadLetterUrl,
          ReceiptHandle: handle,
          VisibilityTimeout: 0,
        }),
      ),
    );

  /** Shows each to `look` until it says that it has enough; puts back what `look` did not take away. */
  const lookThrough = async (look: (found: Found) => Promise<"keep" | "taken">, enough: () => boolean) => {
    const kept: Found[] = [];
    try {
      for (let seen = 0; seen < MAX_LOOKED_THROUGH && !enough(); ) {
        const batch = await receive();
        if (batch.length === 0) return;
        seen += batch.length;
        for (const found of batch) if ((await look(found)) === "keep") kept.push(found);
      }
    } finally {
      await Promise.all(kept.map(putBack));
    }
  };

  return {
    async list(limit) {
      const listed: DeadLetter[] = [];
      await lookThrough(
        async ({ body: _body, handle: _handle, ...letter }) => {
          listed.push(letter);
          return "keep";
        },
        () => listed.length >= limit,
      );
      return listed.sort((one, other) => one.atMs - other.atMs).slice(0, limit);
    },
    async replay(ids) {
      const wanted = new Set(ids);
      let replayed = 0;
      await lookThrough(
        async ({ id, body, handle }) => {
          if (!wanted.has(id)) return "keep";
          const sent = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body });
          await answered("a replay", client.send(sent));
          const gone = new DeleteMessageCommand({ QueueUrl: deadLetterUrl, ReceiptHandle: handle });
          await answered("a replay", client.send(gone));
          replayed += 1;
          return "taken";
        },
        () => replayed >= wanted.size,
      );
      return replayed;
    },
  };
};
