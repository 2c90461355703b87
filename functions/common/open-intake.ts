import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/pipeline/deps.ts";
import { createIntake, type Intake } from "../../shared/pipeline/intake.ts";
import type { Clock, SecretSource, WorkQueue } from "../../shared/ports.ts";
import { createEndpoints } from "./endpoints.ts";
import { createFetchJson } from "./fetch-json.ts";

export interface IntakePlatform {
  readonly clock: Clock;
  readonly secrets: SecretSource;
  readonly queue: WorkQueue;
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
  const endpoints = createEndpoints(config.sources, platform.secrets, platform.clock, fetchJson);
  const intake = createIntake({ ...platform, random: { fraction: Math.random }, endpoints });
  return async (request) => (request.body.length > config.limits.bodyBytes ? tooLarge : intake(request));
};
