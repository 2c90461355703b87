import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { PipelineError } from "../../../errors.ts";
import type { DeadLetters, QueuedWork, ReceivedWork, WorkConsumer, WorkQueue } from "../../../ports.ts";
import { decodeWork, encodeWork, type WorkMessage } from "../../../work-message.ts";
import { createSqsDeadLetters, REASON_ATTRIBUTE, toReasonAttribute } from "./dead-letters.ts";
import { answered, sendAll, whileLeased } from "./send.ts";

const MAX_DELAY_MS = 900_000;
const MAX_VISIBILITY_S = 43_200;
const MAX_RECEIVE = 10;

/** Where work waits whose delay is longer than SQS takes. */
export interface DelayedWork {
  add(messages: readonly QueuedWork[]): Promise<void>;
}

export interface SqsSettings {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  readonly delayed: DelayedWork;
}

/** A message that Lambda's event source mapping or `receive` gave us; `lease` is its receipt handle. */
export interface SqsMessage {
  readonly body: string;
  readonly lease: string;
}

export interface SqsWorkQueue extends WorkQueue, WorkConsumer {
  readonly deadLetters: DeadLetters;
  /** `retry` of any message, readable or not. */
  delay(message: SqsMessage, delayMs: number): Promise<void>;
  /** Puts any message, readable or not, among the dead letters, as it came; whoever holds it removes it. */
  setAside(message: Pick<SqsMessage, "body">, reason: string): Promise<void>;
}

/** Never early: SQS counts whole seconds. */
const toSeconds = (ms: number): number => Math.ceil(ms / 1_000);

/** A durable queue over SQS, with a queue of its own for dead letters. */
export const createSqsWorkQueue = ({
  client,
  queueUrl: QueueUrl,
  deadLetterUrl,
  delayed,
}: SqsSettings): SqsWorkQueue => {
  const send = async (messages: readonly QueuedWork[]): Promise<void> => {
    const { now = [], later = [] } = Object.groupBy(messages, ({ delayMs = 0 }) =>
      delayMs > MAX_DELAY_MS ? "later" : "now",
    );
    const entries = now.map(({ delayMs = 0, ...message }) => ({
      MessageBody: encodeWork(message),
      DelaySeconds: toSeconds(delayMs),
    }));
    await Promise.all([
      sendAll(client, QueueUrl, entries),
      later.length === 0 ? undefined : delayed.add(later),
    ]);
  };

  const remove = (ReceiptHandle: string): Promise<void> =>
    whileLeased("a completion", client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })));

  const delay = async ({ lease }: SqsMessage, delayMs: number): Promise<void> => {
    const VisibilityTimeout = Math.min(toSeconds(delayMs), MAX_VISIBILITY_S);
    const input = { QueueUrl, ReceiptHandle: lease, VisibilityTimeout };
    await whileLeased("a retry", client.send(new ChangeMessageVisibilityCommand(input)));
  };

  const setAside = async ({ body }: Pick<SqsMessage, "body">, reason: string): Promise<void> => {
    const MessageAttributes = { [REASON_ATTRIBUTE]: toReasonAttribute(reason) };
    const input = { QueueUrl: deadLetterUrl, MessageBody: body, MessageAttributes };
    await answered("a dead letter", client.send(new SendMessageCommand(input)));
  };

  /** What cannot be read is set aside: nobody could settle it. */
  const read = async (message: Message): Promise<readonly ReceivedWork[]> => {
    const { Body: body = "", ReceiptHandle: lease = "", Attributes } = message;
    let found: WorkMessage;
    try {
      found = decodeWork(body);
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      await setAside({ body }, `${error.code}: ${error.message}`);
      await remove(lease);
      return [];
    }
    return [{ ...found, lease, receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1) }];
  };

  const toMessage = ({ id, work, lease }: ReceivedWork): SqsMessage => ({
    body: encodeWork({ id, work }),
    lease,
  });

  return {
    send,
    delay,
    setAside,
    deadLetters: createSqsDeadLetters(client, { queueUrl: QueueUrl, deadLetterUrl }),
    async receive(limit, leaseMs) {
      const { Messages = [] } = await answered(
        "a receive",
        client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: Math.min(limit, MAX_RECEIVE),
            VisibilityTimeout: toSeconds(leaseMs),
            MessageSystemAttributeNames: ["ApproximateReceiveCount"],
          }),
        ),
      );
      return (await Promise.all(Messages.map(read))).flat();
    },
    complete: ({ lease }) => remove(lease),
    retry: (received, delayMs) => delay(toMessage(received), delayMs),
    async park(received, reason) {
      await setAside(toMessage(received), reason);
      await remove(received.lease);
    },
  };
};
