import { setTimeout as wait } from "node:timers/promises";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { ACCOUNT, REGION } from "../world/aws-stage.ts";
import { judgeEvents } from "../world/event-ruler.ts";
import { type Polled, pollOnce } from "../world/event-source.ts";
import type { Lambda } from "../world/lambda.ts";
import { readPushPattern } from "../world/push-rule.ts";
import type { StoryWorld } from "./story-world.ts";

const PATIENCE_MS = 40_000;
const POLL_MS = 100;

export type QueueName = "evaluate" | "deliver";

export interface DecisionLine {
  readonly decisionId: string;
  readonly digest?: string;
  readonly tag?: string;
  readonly subscription: string;
  readonly outcome: string;
  readonly reason: string;
}

let events = 0;

/** As AWS documents it; only names, digest, tag and id are ours. */
export const toEcrEvent = (repository: string, digest: string, tag?: string, action = "PUSH") => ({
  version: "0",
  id: `13cde686-328b-6117-af20-${String(++events).padStart(12, "0")}`,
  "detail-type": tag === undefined ? "ECR Referrer Action" : "ECR Image Action",
  source: "aws.ecr",
  account: ACCOUNT,
  time: "2019-11-16T01:54:34Z",
  region: REGION,
  resources: [],
  detail: {
    result: "SUCCESS",
    "repository-name": repository,
    "image-digest": digest,
    "action-type": action,
    ...(tag === undefined ? {} : { "image-tag": tag }),
  },
});

/** Plays AWS's part: the rule, the event source mappings, and a person who looks. */
export interface Play {
  readonly world: StoryWorld;
  /** The instances that poll; a test may put another one in its place. */
  readonly at: { evaluate: Lambda; deliver: Lambda; readonly sweep: Lambda };
  /** Puts a message on a queue; answers with its id there. */
  send(body: string, queue: QueueName): Promise<string>;
  /** Hands events to the rule, which puts those that match on the queue; answers with their ids there. */
  emit(...news: readonly object[]): Promise<readonly string[]>;
  poll(queue: QueueName): Promise<Polled | undefined>;
  /** Polls one queue until something was there. */
  pollSome(queue: QueueName): Promise<Polled>;
  /** Lets both functions work until `isThere`. */
  workUntil(what: string, isThere: () => Promise<boolean> | boolean): Promise<void>;
  /** What an operator's `sluice … --json` prints. */
  sluice(...args: readonly string[]): Promise<unknown>;
  /** As `sluice decisions list` prints them, oldest first. */
  decisions(): Promise<readonly DecisionLine[]>;
  /** Types of the Receivers that accepted a request that names the tag. */
  acceptedFor(tag: string): readonly string[];
  dead(queue: QueueName): Promise<readonly (readonly [body: string, reason: string | undefined])[]>;
}

export const startPlay = async (world: StoryWorld): Promise<Play> => {
  const { aws } = world;
  const pattern = await readPushPattern();
  const [evaluate, deliver, sweep] = await Promise.all([
    aws.start("evaluate", world.evaluateSpec),
    aws.start("deliver"),
    aws.start("sweep"),
  ]);
  const at: Play["at"] = { evaluate, deliver, sweep };

  const send: Play["send"] = async (MessageBody, queue) => {
    const sent = await aws.sqs.send(new SendMessageCommand({ QueueUrl: aws.queueUrl(queue), MessageBody }));
    return sent.MessageId ?? "";
  };
  const poll: Play["poll"] = (queue) => pollOnce(aws.pollerOf(queue), at[queue]);
  const sluice: Play["sluice"] = async (...words) => {
    const args = [...words, "--json", "--runtime", "aws", "--stage", "test"];
    const { stdout, output, code } = await world.stage.sluice.run(args, "", aws.operatorEnv);
    if (code !== 0) throw new Error(output);
    return JSON.parse(stdout);
  };
  const logs = (): string => [at.evaluate, at.deliver].map((one) => one.log().slice(-3_000)).join("\n");

  const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (Date.now() < deadlineMs) if (await look()) return;
    throw new Error(`${what} did not come about:\n${logs()}`);
  };

  return {
    world,
    at,
    send,
    poll,
    async emit(...news) {
      const verdicts = await judgeEvents(pattern, news);
      const matched = news.filter((_, index) => verdicts[index] === true);
      return Promise.all(matched.map((event) => send(JSON.stringify(event), "evaluate")));
    },
    async pollSome(queue) {
      let polled: Polled | undefined;
      await until(`a message on ${queue}`, async () => {
        polled = await poll(queue);
        if (polled === undefined) await wait(POLL_MS);
        return polled !== undefined;
      });
      if (polled === undefined) throw new Error("nothing was polled");
      return polled;
    },
    workUntil: (what, isThere) =>
      until(what, async () => {
        const polled = [await poll("evaluate"), await poll("deliver")];
        if (await isThere()) return true;
        if (polled.every((one) => one === undefined)) await wait(POLL_MS);
        return false;
      }),
    sluice,
    decisions: async () => (await sluice("decisions", "list", "--limit", "1000")) as readonly DecisionLine[],
    acceptedFor: (tag) =>
      world.receiver.accepted
        .filter(({ body }) => Buffer.from(body).toString().includes(`"${tag}"`))
        .map(({ target }) => world.receiverAt(target))
        .sort(),
    async dead(queue) {
      const { Messages = [] } = await aws.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: aws.queueUrl(`${queue}-dead`),
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ["All"],
          VisibilityTimeout: 0,
        }),
      );
      return Messages.map(({ Body = "", MessageAttributes }) => [
        Body,
        MessageAttributes?.SluiceReason?.StringValue,
      ]);
    },
  };
};
