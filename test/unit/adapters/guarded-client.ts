import { createCheckedConnector, type Resolve } from "../../../shared/adapters/node/checked-connector.ts";
import {
  createFetchOver,
  createGuardedFetch,
  type GuardedFetch,
} from "../../../shared/adapters/node/guarded-fetch.ts";
import { Secret } from "../../../shared/artifact/secret.ts";
import type { Outcome } from "../../../shared/delivery/outcomes.ts";
import { createSender } from "../../../shared/delivery/send.ts";

const opened: GuardedFetch[] = [];

export const keep = (guarded: GuardedFetch): GuardedFetch => {
  opened.push(guarded);
  return guarded;
};

/** For `afterEach`. */
export const closeClients = async (): Promise<void> => {
  await Promise.all(opened.splice(0).map((guarded) => guarded.close()));
};

export const guarded = (resolve: Resolve, allow: readonly string[] = []): GuardedFetch =>
  keep(createGuardedFetch({ allow, resolve }));

/** The same client without the check: what a hostile name or URL would do to it. */
export const unguarded = (resolve: Resolve, route?: (address: string) => string): GuardedFetch =>
  keep(
    createFetchOver(
      createCheckedConnector({
        check: () => undefined,
        resolve,
        tls: () => undefined,
        connectTimeoutMs: 5_000,
        ...(route === undefined ? {} : { route }),
      }),
      {},
    ),
  );

/** A whole delivery, as a receiver of sluice.yaml gets it. */
export const deliver = (baseUrl: string, { fetch }: GuardedFetch): Promise<Outcome> =>
  createSender({
    post: fetch,
    nowMs: () => 0,
    startDeadline: (timeoutMs) => ({ signal: AbortSignal.timeout(timeoutMs), clear: () => undefined }),
  })(
    {
      id: "dlv_1",
      type: "sluice.selection.changed",
      timeMs: 0,
      cluster: "c",
      receiver: "c/a/b",
      body: new TextEncoder().encode("{}"),
      target: {
        kind: "flux",
        baseUrl,
        name: "b",
        namespace: "a",
        authentication: { kind: "generic-hmac", algorithm: "sha256", token: new Secret("t") },
        signingKeys: [],
      },
    },
    new AbortController().signal,
  );
