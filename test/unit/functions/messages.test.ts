import { describe, expect, test } from "vitest";
import { readMessage } from "../../../functions/wiring/read-message.ts";
import { routeWork } from "../../../functions/wiring/routed-queue.ts";
import { workOffHanded } from "../../../functions/wiring/work-off-handed.ts";
import { PipelineError } from "../../../shared/errors.ts";
import type { QueuedWork, Work } from "../../../shared/ports.ts";
import { ecr } from "../../../shared/push/ecr.ts";
import { decodeWork, encodeWork } from "../../../shared/work-message.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const SENT_AT_MS = 1_700_000_000_000;

const message = (body: string) => ({ id: "m1", body, sentAtMs: SENT_AT_MS, receiveCount: 1 });

const ecrEvent = (changes: object = {}, detail: object = {}) =>
  JSON.stringify({
    id: "e1",
    source: "aws.ecr",
    "detail-type": "ECR Image Action",
    account: "123456789012",
    region: "eu-central-1",
    detail: {
      "action-type": "PUSH",
      result: "SUCCESS",
      "repository-name": "acme/app",
      "image-digest": DIGEST,
      "image-tag": "1.2.3",
      ...detail,
    },
    ...changes,
  });

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "none";
  } catch (error) {
    return error instanceof PipelineError ? error.code : String(error);
  }
};

describe("work as a message", () => {
  test.each<Work>([
    {
      kind: "push",
      receivedAtMs: 7,
      authenticated: false,
      push: {
        source: "zot",
        kind: "evidence",
        registry: "r.test",
        repository: "ü",
        subject: DIGEST,
        id: "1",
      },
    },
    { kind: "evaluate", subscription: "c/OCIRepository/ns/app" },
    { kind: "sweep", repository: { registry: "r.test", repository: "acme/app" } },
    { kind: "deliver", receiver: "c/ns/sluice" },
    { kind: "deliver", receiver: "c/ns/sluice", again: true },
  ])("$kind comes back as it was sent", (work) => {
    expect(decodeWork(encodeWork({ id: "i", work }))).toEqual({ id: "i", work });
  });

  test.each([
    ["not JSON", "{"],
    ["another version's", JSON.stringify({ sluice: 2, id: "i", work: { kind: "deliver", receiver: "r" } })],
    ["unknown work", JSON.stringify({ sluice: 1, id: "i", work: { kind: "reboot" } })],
    [
      "a digest that is none",
      JSON.stringify({
        sluice: 1,
        id: "i",
        work: {
          kind: "push",
          receivedAtMs: 1,
          authenticated: true,
          push: { source: "s", kind: "artifact", digest: "sha256:../../x" },
        },
      }),
    ],
  ])("%s is refused", (_what, body) => {
    expect(codeOf(() => decodeWork(body))).toBe("WORK_MALFORMED");
  });
});

describe("a message that the platform hands over", () => {
  test("holds our own work", () => {
    const work: Work = { kind: "evaluate", subscription: "s" };
    expect(readMessage(message(encodeWork({ id: "i", work })), ecr)).toEqual([work]);
  });

  test("holds a native event, vouched for by the platform, as old as it lay on the queue", () => {
    expect(readMessage(message(ecrEvent()), ecr)).toEqual([
      {
        kind: "push",
        authenticated: true,
        receivedAtMs: SENT_AT_MS,
        push: {
          source: "ecr",
          kind: "artifact",
          registry: "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
          repository: "acme/app",
          tag: "1.2.3",
          digest: DIGEST,
          id: "e1",
        },
      },
    ]);
  });

  test("holds nothing to do where the event is about something else", () => {
    expect(readMessage(message(ecrEvent({}, { "action-type": "DELETE" })), ecr)).toEqual([]);
  });

  test.each([
    ["an event without what it needs", ecrEvent({ account: "x" }), true],
    ["a native event where none is expected", ecrEvent(), false],
    ["no JSON", "hello", true],
  ])("%s is malformed", (_what, body, native) => {
    expect(codeOf(() => readMessage(message(body), native ? ecr : undefined))).toBe("WORK_MALFORMED");
  });
});

describe("working a handed message off", () => {
  const workedOff = async (body: string, failure?: PipelineError, receiveCount = 1, maxAttempts = 300) => {
    const settled: string[] = [];
    const ran: Work[] = [];
    const logged: unknown[] = [];
    await workOffHanded(
      {
        settler: {
          complete: async () => void settled.push("complete"),
          retry: async (_message, delayMs) => void settled.push(`retry ${delayMs}`),
          park: async (_message, reason) => void settled.push(`park ${reason}`),
        },
        random: { fraction: () => 0.5 },
        log: (event, fields) => logged.push([event, fields.work]),
        maxAttempts,
        source: ecr,
        run: async (work) => {
          ran.push(work);
          if (failure !== undefined) throw failure;
        },
      },
      { ...message(body), receiveCount },
    );
    return { settled, ran: ran.map(({ kind }) => kind), logged };
  };
  const own = encodeWork({ id: "i", work: { kind: "deliver", receiver: "r" } });
  const failing = (code: ConstructorParameters<typeof PipelineError>[1]["code"]) =>
    new PipelineError("no", { code });

  test.each([
    ["work that is done", own, undefined, ["complete"], ["deliver"], []],
    ["an event about nothing new", ecrEvent({}, { result: "FAILURE" }), undefined, ["complete"], [], []],
    [
      "work to try again",
      own,
      failing("REGISTRY_UNAVAILABLE"),
      ["retry 750"],
      ["deliver"],
      [["work-retried", "deliver"]],
    ],
    [
      "work without hope",
      own,
      failing("CONFIG_INVALID"),
      ["complete"],
      ["deliver"],
      [["work-dropped", "deliver"]],
    ],
    [
      "a message that cannot be read",
      "poison",
      undefined,
      ["park WORK_MALFORMED: the message is not JSON"],
      [],
      [["work-parked", "unreadable"]],
    ],
  ] as const)("%s", async (_what, body, failure, settled, ran, logged) => {
    expect(await workedOff(body, failure)).toEqual({ settled, ran, logged });
  });

  test.each([
    [20, 19, "retry 225000"],
    [20, 20, "park gave up after 20 tries: no"],
    [300, 20, "retry 225000"],
    [300, 300, "park gave up after 300 tries: no"],
  ])("with %i attempts, try %i ends in: %s", async (maxAttempts, receiveCount, expected) => {
    const { settled } = await workedOff(own, failing("REGISTRY_UNAVAILABLE"), receiveCount, maxAttempts);
    expect(settled).toEqual([expected]);
  });
});

describe("two queues behind one", () => {
  test("deliveries go their own way, and an empty batch goes nowhere", async () => {
    const sent: Record<string, string[]> = { evaluate: [], deliver: [] };
    const to = (name: "evaluate" | "deliver") => ({
      send: async (messages: readonly QueuedWork[]) =>
        void sent[name]?.push(messages.map(({ id }) => id).join()),
    });
    const queue = routeWork({ evaluate: to("evaluate"), deliver: to("deliver") });
    await queue.send([
      { id: "1", work: { kind: "deliver", receiver: "r" } },
      { id: "2", work: { kind: "evaluate", subscription: "s" } },
      { id: "3", work: { kind: "deliver", receiver: "q" } },
    ]);
    await queue.send([]);
    expect(sent).toEqual({ evaluate: ["2"], deliver: ["1,3"] });
  });
});
