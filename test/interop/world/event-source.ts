import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { AWS_IDENTITY } from "./aws.ts";
import type { Lambda } from "./lambda.ts";

const toRecord = (message: Message, queue: string): SQSRecord => ({
  messageId: message.MessageId ?? "",
  receiptHandle: message.ReceiptHandle ?? "",
  body: message.Body ?? "",
  attributes: {
    ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? "1",
    SentTimestamp: message.Attributes?.SentTimestamp ?? "0",
    SenderId: "AIDAIENQZJOLO23YVJ4VO",
    ApproximateFirstReceiveTimestamp: message.Attributes?.ApproximateFirstReceiveTimestamp ?? "0",
  },
  messageAttributes: {},
  md5OfBody: message.MD5OfBody ?? "",
  eventSource: "aws:sqs",
  eventSourceARN: `arn:aws:sqs:${AWS_IDENTITY.AWS_REGION}:123456789012:${queue}`,
  awsRegion: AWS_IDENTITY.AWS_REGION,
});

/** What one poll did. */
export interface Polled {
  readonly event: SQSEvent;
  /** Message ids that stay on the queue. */
  readonly failed: readonly string[];
}

/**
 * What Lambda's event source mapping does once: takes what is there, calls the function, and deletes what it did not
 * report. `undefined`: nothing was there.
 */
export const pollOnce = async (
  client: SQSClient,
  QueueUrl: string,
  lambda: Lambda,
): Promise<Polled | undefined> => {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  if (Messages.length === 0) return undefined;
  const event = { Records: Messages.map((message) => toRecord(message, QueueUrl.split("/").at(-1) ?? "")) };
  const { batchItemFailures } = (await lambda.invoke(event)) as SQSBatchResponse;
  const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  for (const { messageId, receiptHandle } of event.Records) {
    if (failed.includes(messageId)) continue;
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receiptHandle }));
  }
  return { event, failed };
};
