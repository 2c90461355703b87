import { afterEach, beforeEach, expect, test } from "vitest";
import { handleEvent } from "../../../functions/gcp/handle-event.ts";
import { toNames } from "../../../functions/gcp/names.ts";
import { openGoogleCloud } from "../../../functions/gcp/runtime.ts";
import { PipelineError } from "../../../shared/errors.ts";
import { gar } from "../../../shared/push/gar.ts";
import { encodeWork } from "../../../shared/work-message.ts";
import { type ServiceDouble, startServiceDouble } from "../../support/service-double.ts";

const NAMES = toNames({ project: "acme", location: "europe-west1", stage: "it" });
const OWN = `//pubsub.googleapis.com/projects/acme/topics/${NAMES.evaluateTopic}`;
const ATTEMPTS = 20;

interface Message {
  readonly data: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

let google: ServiceDouble;
beforeEach(async () => {
  google = await startServiceDouble(() => ({ body: "{}" }));
});
afterEach(() => google.close());

const seenAt = (end: string) => google.seen.filter(({ target }) => target.endsWith(end));

/** What Cloud Tasks will publish, newest last. */
const delayed = (): readonly Message[] =>
  seenAt("/tasks").map(({ body }) => {
    const { task } = JSON.parse(body) as {
      readonly task: { readonly httpRequest: { readonly body: string } };
    };
    const text = Buffer.from(task.httpRequest.body, "base64").toString();
    const [message] = (JSON.parse(text) as { readonly messages: readonly Message[] }).messages;
    return message as Message;
  });

test.each([
  {
    what: "work of our own",
    source: OWN,
    data: encodeWork({ id: "work-1", work: { kind: "evaluate", subscription: "s" } }),
  },
  {
    what: "an event of Artifact Registry",
    source: "//pubsub.googleapis.com/projects/acme/topics/gcr",
    data: JSON.stringify({ action: "INSERT", digest: `eu.pkg.dev/acme/c/app@sha256:${"a".repeat(64)}` }),
  },
])("$what that fails each time is a dead letter after limits.attempts tries", async ({ source, data }) => {
  let tries = 0;
  const cloud = openGoogleCloud({
    env: Object.fromEntries(
      ["FIRESTORE", "PUBSUB", "CLOUD_TASKS"].map((name) => [`${name}_EMULATOR_HOST`, google.host]),
    ),
    names: NAMES,
    clock: { nowMs: () => 1_700_000_000_000 },
    log: () => {},
    token: () => Promise.reject(new Error("emulators ask for none")),
  });
  const handling = {
    cloud,
    queue: cloud.evaluateQueue,
    topic: NAMES.evaluateTopic,
    timeoutMs: 5_000,
    source: gar,
    work: {
      maxAttempts: ATTEMPTS,
      run: async () => {
        tries += 1;
        throw new PipelineError("registry.example answers 503", { code: "REGISTRY_UNAVAILABLE" });
      },
    },
  };
  const hand = (from: string, message: Message) =>
    handleEvent(handling, {
      source: from,
      data: { message: { messageId: "7", publishTime: "2026-01-01T00:00:00Z", ...message } },
    });

  await hand(source, { data: Buffer.from(data).toString("base64") });
  for (let published = 0; published < delayed().length; published++) {
    const next = delayed()[published];
    if (next !== undefined) await hand(OWN, next);
  }

  expect(tries).toBe(ATTEMPTS);
  const [kept, ...more] = seenAt(":commit");
  expect(more).toEqual([]);
  expect(kept?.body).toContain(`gave up after ${ATTEMPTS} tries: registry.example answers 503`);
});
