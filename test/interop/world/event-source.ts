import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { AWS_IDENTITY } from "./aws.ts";
import type { Lambda } from "./lambda.ts";

const toRecord = (message: Message, eventSourceARN: string): SQSRecord => ({
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
  eventSourceARN,
  awsRegion: AWS_IDENTITY.AWS_REGION,
});

/** What one poll did. */
export interface Polled {
  readonly event: SQSEvent;
  /** Message ids that stay on the queue. */
  readonly failed: readonly string[];
}

/** A queue, and who reads it. */
export interface Poller {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/**
 * What Lambda's event source mapping does once: takes what is there, calls the function, and deletes what it did not
 * report. `undefined`: nothing was there.
 */
export const pollOnce = async (
  { client, queueUrl: QueueUrl }: Poller,
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
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  const event = { Records: Messages.map((message) => toRecord(message, Attributes?.QueueArn ?? "")) };
  const { batchItemFailures } = (await lambda.invoke(event)) as SQSBatchResponse;
  const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  for (const { messageId, receiptHandle } of event.Records) {
    if (failed.includes(messageId)) continue;
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receiptHandle }));
  }
  return { event, failed };
};
