import type { AccessTokenSource } from "../../shared/adapters/gcp/cached-token.ts";
import { createCloudStorageReader } from "../../shared/adapters/gcp/cloud-storage.ts";
import { createSchedule } from "../../shared/adapters/gcp/cloud-tasks.ts";
import { createPubSubDecisionBus } from "../../shared/adapters/gcp/decision-bus.ts";
import { createFirestoreDatabase } from "../../shared/adapters/gcp/firestore/database.ts";
import {
  createFirestoreDeadLetters,
  type FirestoreDeadLetters,
} from "../../shared/adapters/gcp/firestore/dead-letters.ts";
import { createFirestoreStateStore } from "../../shared/adapters/gcp/firestore/state-store.ts";
import { createGoogleApi, type GoogleApi } from "../../shared/adapters/gcp/google-api.ts";
import { createSubscription, type Subscription } from "../../shared/adapters/gcp/pubsub/subscription.ts";
import { createPublish } from "../../shared/adapters/gcp/pubsub/topic.ts";
import { createPubSubWorkQueue, type PubSubWorkQueue } from "../../shared/adapters/gcp/pubsub/work-queue.ts";
import { createGoogleRegistryCredentials } from "../../shared/adapters/gcp/registry-credentials.ts";
import { createSecretManager } from "../../shared/adapters/gcp/secret-manager.ts";
import { createNodeSecrets } from "../../shared/adapters/node/secrets.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import type { Documents } from "../../shared/pipeline/documents.ts";
import type { CallerIdentity, Clock } from "../../shared/ports.ts";
import type { Cloud } from "../wiring/functions.ts";
import { withNamedSecrets } from "../wiring/named-secrets.ts";
import { routeWork } from "../wiring/routed-queue.ts";
import type { Names } from "./names.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  readonly env: Environment;
  readonly names: Names;
  readonly clock: Clock;
  readonly log: Log;
  /** Whose rights everything is done with. */
  readonly token: AccessTokenSource;
  readonly callerIdentity?: CallerIdentity;
}

/** A deployment on Google Cloud, opened: making it costs no request. */
export interface GoogleCloud extends Cloud {
  readonly evaluateQueue: PubSubWorkQueue;
  readonly deliverQueue: PubSubWorkQueue;
  readonly deadLetters: FirestoreDeadLetters;
  readonly deadSubscription: Subscription;
  /** What intake counts by. */
  readonly limits: Documents;
}

/** Where an API is: Google's, or the emulator that Google's own variable names, which asks for no token. */
interface Place {
  readonly api: GoogleApi;
  readonly baseUrl?: string;
}

const createPlaces = ({ env, token }: Surroundings) => {
  const fetch = globalThis.fetch;
  const google: Place = { api: createGoogleApi({ fetch, token }) };
  return (emulator: string): Place => {
    const host = env[emulator];
    if (host === undefined || host === "") return google;
    return { api: createGoogleApi({ fetch }), baseUrl: host.includes("://") ? host : `http://${host}` };
  };
};

/** Wires the adapters of one deployment. */
export const openGoogleCloud = (surroundings: Surroundings): GoogleCloud => {
  const { env, names, clock, log, token, callerIdentity } = surroundings;
  const { project } = names;
  const placeOf = createPlaces(surroundings);
  const firestore = { ...placeOf("FIRESTORE_EMULATOR_HOST"), project };
  const pubsub = { ...placeOf("PUBSUB_EMULATOR_HOST"), project };
  const publish = createPublish(pubsub);
  const schedule = createSchedule({
    ...placeOf("CLOUD_TASKS_EMULATOR_HOST"),
    queue: names.delayQueue,
    serviceAccount: names.delayAccount,
    nowMs: clock.nowMs,
  });
  const openQueue = (topic: string) => createPubSubWorkQueue({ pubsub, publish, schedule, topic });
  const evaluateQueue = openQueue(names.evaluateTopic);
  const deliverQueue = openQueue(names.deliverTopic);
  const queue = routeWork({ evaluate: evaluateQueue, deliver: deliverQueue });
  const database = createFirestoreDatabase({ ...firestore, database: names.database });
  const limits = createFirestoreDatabase({ ...firestore, database: names.limitsDatabase });
  return {
    clock,
    log,
    queue,
    evaluateQueue,
    deliverQueue,
    state: createFirestoreStateStore(database, clock),
    limits: createFirestoreStateStore(limits, clock),
    deadLetters: createFirestoreDeadLetters(
      database,
      { send: queue.send, queues: [evaluateQueue, deliverQueue] },
      clock,
    ),
    deadSubscription: createSubscription(pubsub, names.deadSubscription),
    secrets: withNamedSecrets(
      createNodeSecrets(env),
      createSecretManager({ ...placeOf("SECRET_MANAGER_EMULATOR_HOST"), project }),
      clock,
    ),
    objects: createCloudStorageReader(placeOf("STORAGE_EMULATOR_HOST")),
    registryCredentials: [createGoogleRegistryCredentials(token)],
    ...(callerIdentity === undefined ? {} : { callerIdentity }),
    ...(env.SLUICE_DECISIONS === "pubsub"
      ? { bus: createPubSubDecisionBus(publish, names.decisionsTopic) }
      : {}),
  };
};
