import { join } from "node:path";
import { toNames } from "../../../functions/gcp/names.ts";
import { answers, type RunningServer } from "../world/process.ts";
import { freePort, type World } from "../world/world.ts";
import type { CloudTasksDouble } from "./cloud-tasks-double.ts";
import type { Emulator } from "./emulators.ts";

const host = join(import.meta.dirname, "function-host.ts");
const clockAhead = join(import.meta.dirname, "../world/clock-ahead.ts");
/** Inside the checkout, where a bundle finds the framework that Google's build would install for it. */
export const packaged = join(import.meta.dirname, "../../../dist/interop-gcp");

export const PLACE = { project: "acme-test", location: "europe-west1", stage: "it" };
export const NAMES = toNames(PLACE);
export const GCR = "gcr";

export type FunctionName = "evaluate" | "deliver" | "intake" | "sweep" | "inputs";

/** One function in a process of its own. */
export interface HostedFunction {
  readonly url: string;
  /** Ends it as a machine that is taken away does. */
  kill(): Promise<void>;
  /** `clockAheadMs`: an instance that runs that much later than now. */
  start(clockAheadMs?: number): Promise<void>;
}

export interface Parts {
  readonly pubsub: Emulator;
  readonly firestore: Emulator;
  readonly cloudTasks: CloudTasksDouble;
  /** Stands in for the metadata server and Secret Manager. */
  readonly google: string;
}

/** The environment that infra/gcp gives every function, and where the emulators are. */
export const toEnvironment = ({ pubsub, firestore, cloudTasks, google }: Parts) => ({
  NODE_ENV: "production",
  GOOGLE_CLOUD_PROJECT: PLACE.project,
  SLUICE_LOCATION: PLACE.location,
  SLUICE_STAGE: PLACE.stage,
  SLUICE_DECISIONS: "pubsub",
  FIRESTORE_EMULATOR_HOST: firestore.host,
  PUBSUB_EMULATOR_HOST: pubsub.host,
  CLOUD_TASKS_EMULATOR_HOST: cloudTasks.host,
  SECRET_MANAGER_EMULATOR_HOST: google,
  GCE_METADATA_HOST: google,
});

export const hostFunction = async (
  world: World,
  name: FunctionName,
  env: Readonly<Record<string, string>>,
): Promise<HostedFunction> => {
  const module = join(packaged, name, "index.js");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server: RunningServer | undefined;
  const start = async (clockAheadMs?: number): Promise<void> => {
    server = await world.start({
      name: `function-${name}`,
      file: process.execPath,
      args: [
        ...(clockAheadMs === undefined ? [] : [`--import=${clockAhead}`]),
        host,
        module,
        name,
        String(port),
      ],
      env: { ...env, CLOCK_AHEAD_MS: String(clockAheadMs ?? 0) },
      isReady: answers(`${url}/favicon.ico`, () => true),
    });
  };
  await start();
  return { url, start, kill: async () => server?.stop("SIGKILL") };
};

/** Topics and subscriptions as infra/gcp makes them; the emulator has no service accounts to check. */
export const createPubSub = async (
  { url }: Emulator,
  endpoints: { readonly evaluate: string; readonly deliver: string },
) => {
  const put = async (path: string, body: unknown): Promise<void> => {
    const headers = { "content-type": "application/json" };
    const init = { method: "PUT", headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}/v1/projects/${PLACE.project}/${path}`, init);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  };
  const topicOf = (topic: string): string => `projects/${PLACE.project}/topics/${topic}`;
  const { evaluateTopic, deliverTopic, decisionsTopic, deadSubscription } = NAMES;
  for (const topic of [GCR, evaluateTopic, deliverTopic, decisionsTopic, deadSubscription])
    await put(`topics/${topic}`, {});
  const push = (name: string, topic: string, endpoint: string): Promise<void> =>
    put(`subscriptions/${name}`, {
      topic: topicOf(topic),
      ackDeadlineSeconds: 10,
      pushConfig: { pushEndpoint: `${endpoint}/${topicOf(topic)}` },
      deadLetterPolicy: { deadLetterTopic: topicOf(deadSubscription), maxDeliveryAttempts: 5 },
      retryPolicy: { minimumBackoff: "0.5s", maximumBackoff: "1s" },
    });
  await push("sluice-it-gcr", GCR, endpoints.evaluate);
  await push(evaluateTopic, evaluateTopic, endpoints.evaluate);
  await push(deliverTopic, deliverTopic, endpoints.deliver);
  await put(`subscriptions/${deadSubscription}`, { topic: topicOf(deadSubscription) });
  await put("subscriptions/decisions", { topic: topicOf(decisionsTopic) });
};
