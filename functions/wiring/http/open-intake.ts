import type { Config } from "../../../shared/config/config.ts";
import type { Log } from "../../../shared/pipeline/deps.ts";
import type { Documents } from "../../../shared/pipeline/documents.ts";
import { createIntake, type Intake } from "../../../shared/pipeline/intake/intake.ts";
import type { Clock, SecretSource, WorkQueue } from "../../../shared/ports.ts";
import { createOwnIdentity } from "../receivers/identity.ts";
import { createEndpoints } from "./endpoints.ts";
import { createSharedEventAllowance } from "./event-allowance.ts";
import { createFetchJson } from "./fetch-json.ts";
import { createFront } from "./front.ts";

export interface IntakePlatform {
  readonly clock: Clock;
  readonly secrets: SecretSource;
  readonly queue: WorkQueue;
  /** Where instances count a source's events together. */
  readonly documents: Documents;
  readonly log: Log;
}

const tooLarge = {
  status: 413,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "the body is larger than this endpoint takes (limits.body in sluice.yaml)\n",
};

/** The HTTP side of a cloud: raw bytes in, the sender's answer out. It needs neither catalog nor registry. */
export const openIntake = (config: Config, platform: IntakePlatform): Intake => {
  const { fetchJson } = createFetchJson(config.network.allowPrivate);
  const { clock, secrets } = platform;
  const allowance = createSharedEventAllowance(config.limits.eventsPerMinute, platform);
  const endpoints = createEndpoints(config.sources, secrets, clock, fetchJson, allowance);
  const intake = createIntake({ ...platform, random: { fraction: Math.random }, endpoints });
  const { issuer } = createOwnIdentity(config, secrets, clock) ?? {};
  const front = createFront(config, { ...platform, issuer }, intake);
  return async (request) => (request.body.length > config.limits.bodyBytes ? tooLarge : front(request));
};
