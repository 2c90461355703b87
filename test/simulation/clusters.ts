import { createHmac } from "node:crypto";
import type { Digest } from "../../shared/artifact/digest.ts";
import { Secret } from "../../shared/artifact/secret.ts";
import type { DeliveryBody } from "../../shared/delivery/body.ts";
import { hookPath } from "../../shared/delivery/hook-path.ts";
import type { Outcome } from "../../shared/delivery/outcomes.ts";
import { createSender, type PostFetch } from "../../shared/delivery/send.ts";
import type { Delivery } from "../../shared/pipeline/deps.ts";
import type { FluxReceiver, Receiver } from "../../shared/receiver.ts";
import { createSimulatedSecret, type SimulatedSecret } from "./receiver-secrets.ts";
import type { Process, Scheduler } from "./scheduler.ts";
import type { Seeded } from "./seeded.ts";

/** One change as a receiver got it, whatever the sender learned of it. */
export interface Arrival {
  readonly atMs: number;
  readonly receiver: string;
  readonly deliveryId: string;
  readonly object: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest;
  readonly decisionId: string;
  readonly accepted: boolean;
}

/** How a receiver fares for a while. */
const MOODS = ["well", "well", "down", "hanging", "flapping", "suspended", "throttling", "odd"] as const;
type Mood = (typeof MOODS)[number];

/** Answers after which nobody tries again by himself. */
const FINAL_STATUSES = [202, 302, 401, 403, 410, 410, 410, 413, 418, 501] as const;
const PASSING_STATUSES = [400, 404, 408, 429, 500, 502, 503, 504] as const;

/** From its process to the receiver. */
export interface SentRequest {
  readonly receiver: string;
  readonly objects: readonly string[];
  readonly leftAtMs: number;
  readonly arrivedAtMs: number;
}

interface Refusal {
  readonly receiver: string;
  readonly atMs: number;
  readonly status: number;
}

export interface Clusters {
  readonly arrivals: readonly Arrival[];
  /** Final answers given. */
  readonly refusals: readonly Refusal[];
  /** Requests on their way to a receiver, whatever became of them. */
  readonly requests: readonly SentRequest[];
  /** What names the secrets that Sluice has for it now. */
  secretsOf(receiver: Receiver): string;
  send(process: Process, delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  /** From now on all receivers are well; Sluice has the right secrets, or has them once somebody mended them. */
  calm(): void;
}

interface SimulatedReceiver {
  mood: Mood;
  readonly secret: SimulatedSecret;
}

export const RECEIVER_TIMEOUT_MS = 10_000;
/** From a process to a receiver. */
export const SLOWEST_NETWORK_MS = 9_000;

const toMark = ({ secret }: SimulatedReceiver): string => secret.known().join(" ");

const parseChanges = (bytes: Uint8Array): readonly string[] => {
  const { changes } = JSON.parse(new TextDecoder().decode(bytes)) as { changes: { decision: string }[] };
  return changes.map(({ decision }) => decision);
};

/** Clusters whose receivers hang, flap, answer every status, lose answers, and rotate their tokens. */
export const createClusters = (
  scheduler: Scheduler,
  random: Seeded,
  failure: number,
  /** Whether what a process sent may arrive after its end; nobody else sends until its lease is over. */
  outlivesSender: boolean,
  onPoked: (cluster: string, object: string) => void,
): Clusters => {
  const outside = scheduler.spawn();
  const arrivals: Arrival[] = [];
  const refusals: Refusal[] = [];
  const requests: SentRequest[] = [];
  const receivers = new Map<string, SimulatedReceiver>();
  const slowNetwork = random.pick([0.02, 0.1, 0.5]);
  let chance = failure;

  const changeMoods = async (receiver: SimulatedReceiver): Promise<void> => {
    while (chance > 0) {
      await scheduler.sleep(outside, random.between(5_000, 90_000));
      if (chance > 0) receiver.mood = random.chance(chance) ? random.pick(MOODS) : "well";
    }
  };

  const receiverOf = (id: string): SimulatedReceiver => {
    let receiver = receivers.get(id);
    if (receiver === undefined) {
      receiver = {
        mood: "well",
        secret: createSimulatedSecret(id, scheduler, random, { rotates: failure, errs: chance }),
      };
      receivers.set(id, receiver);
      void changeMoods(receiver);
    }
    return receiver;
  };

  const arrive = (id: string, { id: deliveryId, changes, bytes }: DeliveryBody, accepted: boolean): void => {
    // What counts is what the bytes say, not what the sender meant.
    const said = new Set(parseChanges(bytes));
    for (const { object, repository, tag, digest, decisionId } of changes) {
      if (!said.has(decisionId)) throw new Error(`the body of ${deliveryId} leaves out ${decisionId}`);
      arrivals.push({
        atMs: scheduler.nowMs(),
        receiver: id,
        deliveryId,
        object: `${object.kind}/${object.namespace}/${object.name}`,
        repository: `${repository.registry}/${repository.repository}`,
        tag,
        digest,
        decisionId,
        accepted,
      });
      if (accepted)
        onPoked(id.slice(0, id.indexOf("/")), `${object.kind}/${object.namespace}/${object.name}`);
    }
  };

  /** As notification-controller does: first the path, then the Receiver's state, then the signature. */
  const statusOf = (
    { secret, mood }: SimulatedReceiver,
    name: string,
    url: string,
    signature: string,
    body: Uint8Array,
  ) => {
    const token = secret.token();
    if (!url.endsWith(hookPath(new Secret(token), name, "flux-system").reveal())) return 404;
    if (mood === "suspended") return 503;
    const expected = createHmac("sha256", token).update(body).digest("hex");
    return signature === `sha256=${expected}` ? 200 : 400;
  };

  const answer = async (
    process: Process,
    { id, name }: FluxReceiver,
    body: DeliveryBody,
    url: string,
    signature: string,
  ): Promise<number> => {
    const receiver = receiverOf(id);
    const leftAtMs = scheduler.nowMs();
    // A proxy, a far region: of two requests the later one may be there first.
    await scheduler.sleep(
      outside,
      random.chance(slowNetwork) ? random.between(100, SLOWEST_NETWORK_MS - 10) : random.between(1, 40),
    );
    if (!process.alive && !outlivesSender) return new Promise(() => {});
    const objects = body.changes.map(({ object }) => `${object.kind}/${object.namespace}/${object.name}`);
    requests.push({ receiver: id, objects, leftAtMs, arrivedAtMs: scheduler.nowMs() });
    const { mood } = receiver;
    if (mood === "down" || (mood === "flapping" && random.chance(0.4))) throw new Error("ECONNREFUSED");
    if (mood === "hanging" || random.chance(chance / 4)) {
      const heard = random.chance(0.5) && statusOf(receiver, name, url, signature, body.bytes) === 200;
      if (heard) arrive(id, body, true);
      await scheduler.sleep(outside, 2 * RECEIVER_TIMEOUT_MS);
      throw new Error("hung up");
    }
    const status = statusOf(receiver, name, url, signature, body.bytes);
    const ails = status === 200 && (mood === "throttling" || mood === "odd" || random.chance(chance));
    if (ails) {
      const isFinal = mood === "odd" && random.chance(0.4);
      const told = isFinal
        ? random.pick(FINAL_STATUSES)
        : mood === "throttling"
          ? 429
          : random.pick(PASSING_STATUSES);
      // A 500 may have annotated some objects already.
      arrive(id, body, told === 500 && random.chance(0.5));
      if (isFinal) refusals.push({ receiver: id, atMs: scheduler.nowMs(), status: told });
      return told;
    }
    if (status !== 200) return status;
    arrive(id, body, true);
    await scheduler.sleep(outside, random.between(1, 40));
    if (random.chance(chance)) throw new Error("ECONNRESET");
    return 200;
  };

  return {
    arrivals,
    refusals,
    requests,
    secretsOf: ({ id }) => toMark(receiverOf(id)),
    async send(process, { receiver, body, timeMs, mayLeave }, signal) {
      if (!("cluster" in receiver)) throw new Error(`${receiver.id} is no Flux Receiver`);
      const post: PostFetch = async (url, { headers }) => {
        // What a crash cuts off before the network has it never arrives. Between a process's last look at the clock
        // and the network it is not frozen here: no lease could help against that.
        await scheduler.sleep(outside, random.between(0, 3));
        if (!process.alive) return new Promise(() => {});
        const status = await answer(process, receiver, body, url, headers["x-signature"] ?? "");
        const retryAfter = status === 429 || status === 503 ? `${random.between(0, 20)}` : null;
        return {
          status,
          headers: { get: (name) => (name === "retry-after" ? retryAfter : null) },
          body: null,
        };
      };
      const sender = createSender({
        post,
        nowMs: process.clock.nowMs,
        timeoutMs: RECEIVER_TIMEOUT_MS,
        startDeadline(timeoutMs) {
          const controller = new AbortController();
          let over = false;
          void scheduler.sleep(process, timeoutMs).then(() => {
            if (!over) controller.abort(new Error("deadline"));
          });
          return {
            signal: controller.signal,
            clear: () => {
              over = true;
            },
          };
        },
      });
      const simulated = receiverOf(receiver.id);
      const [token = "", previousToken] = simulated.secret.known();
      const secrets = toMark(simulated);
      const target = {
        kind: "flux",
        baseUrl: "https://cluster.test",
        name: receiver.name,
        namespace: receiver.namespace,
        signingKeys: [],
        authentication: {
          kind: "generic-hmac",
          algorithm: "sha256",
          token: new Secret(token),
          ...(previousToken === undefined ? {} : { previousToken: new Secret(previousToken) }),
        },
      } as const;
      const context = {
        id: body.id,
        type: body.type,
        timeMs,
        cluster: receiver.cluster,
        receiver: receiver.id,
      };
      return { ...(await sender({ ...context, target, body: body.bytes, mayLeave }, signal)), secrets };
    },
    calm() {
      chance = 0;
      for (const receiver of receivers.values()) {
        receiver.mood = "well";
        receiver.secret.calm();
      }
    },
  };
};
