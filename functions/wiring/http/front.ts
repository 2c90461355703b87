import { KEYS_PATH, type LocalIssuer } from "../../../shared/adapters/node/local-issuer.ts";
import type { Config } from "../../../shared/config/config.ts";
import {
  type ConfirmationDeps,
  createConfirmationRoute,
} from "../../../shared/pipeline/confirm/confirm-intake.ts";
import type { Intake } from "../../../shared/pipeline/intake/intake.ts";
import { type Route, withRoutes } from "../../../shared/pipeline/intake/routes.ts";
import type { SecretSource } from "../../../shared/ports.ts";

export interface FrontPlatform extends ConfirmationDeps {
  readonly secrets: SecretSource;
  /** Where Sluice itself vouches for itself. */
  readonly issuer?: LocalIssuer | undefined;
}

const json = (value: unknown) => ({
  status: 200,
  headers: { "content-type": "application/json", "cache-control": "max-age=300" },
  body: JSON.stringify(value),
});

const issuerRoutes = (issuer: string, local: LocalIssuer): readonly Route[] => {
  // Receivers ask below the issuer's own path; a proxy in front passes it on.
  const prefix = new URL(issuer).pathname.replace(/\/+$/, "");
  return [
    {
      path: `${prefix}/.well-known/openid-configuration`,
      method: "GET",
      answer: async () => json(local.discovery()),
    },
    { path: `${prefix}${KEYS_PATH}`, method: "GET", answer: async () => json(await local.keys()) },
  ];
};

/** Everything that Sluice answers over HTTP besides registries' events, in front of those. */
export const createFront = (
  { clusters, identity }: Config,
  platform: FrontPlatform,
  events: Intake,
  further: readonly Route[] = [],
): Intake => {
  const { secrets, issuer, log } = platform;
  const confirmations = clusters.flatMap(({ name, confirmation }) => {
    if (confirmation === undefined) return [];
    const read = () => Promise.all(confirmation.secrets.map((ref) => secrets.read(ref)));
    return [createConfirmationRoute(platform, { cluster: name, path: confirmation.path, secrets: read })];
  });
  const own =
    issuer !== undefined && identity?.kind === "issuer" ? issuerRoutes(identity.issuer, issuer) : [];
  return withRoutes([...confirmations, ...own, ...further], events, log);
};
