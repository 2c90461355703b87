import { formatRepository } from "../../artifact/repository.ts";
import type { Catalog } from "../../policy/catalog/catalog.ts";
import type { Subscription } from "../../ports.ts";
import { draftSources } from "./draft-sources.ts";

export interface DraftInputs {
  readonly cluster: string;
  /** As sluice.yaml should say it. */
  readonly manifests: Readonly<Record<string, string | true>>;
  readonly catalog: Catalog;
}

const SAFE_REPOSITORY = /^[A-Za-z0-9.:[\]_/-]+$/;

const repositoriesOf = (subscriptions: readonly Subscription[]): readonly string[] =>
  [...new Set(subscriptions.map(({ repository }) => formatRepository(repository)))].sort();

const draftRules = (subscriptions: readonly Subscription[]): readonly string[] => {
  const unsigned = repositoriesOf(subscriptions.filter(({ rules }) => rules.length === 0));
  if (unsigned.length === 0) return [];
  return [
    "",
    "# These have no `spec.verify`, so Sluice rejects every version of them until a rule says who must sign:",
    "# rules:",
    "#   - repositories:",
    ...unsigned.map((repository) => `#       - ${JSON.stringify(repository)}`),
    "#     identities:",
    "#       - issuer: ^https://token\\.actions\\.githubusercontent\\.com$",
    "#         subject: ^https://github\\.com/OWNER/REPOSITORY/\\.github/workflows/release\\.yaml@refs/tags/.*$",
    "#     # or `keys: [cosign.pub]`, or `unverified: allow`",
  ];
};

const isLocal = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(host);

const draftRegistries = (hosts: readonly string[]): readonly string[] => {
  const local = [...new Set(hosts.filter(isLocal))].sort();
  if (local.length === 0) return [];
  return [
    "",
    "registries:",
    ...local.map((host) => `  ${JSON.stringify(host)}: {plainHttp: true, allowPrivateAddresses: true}`),
  ];
};

/** A first sluice.yaml for one cluster: it observes, sends nothing, and says what to fill in. */
export const draftConfig = ({ cluster, manifests, catalog }: DraftInputs): string => {
  const subscriptions = [...catalog.subscriptions()].filter(({ repository }) =>
    SAFE_REPOSITORY.test(formatRepository(repository)),
  );
  const hosts = subscriptions.map(({ repository }) => repository.registry);
  const sources = draftSources(hosts);
  const lines = [
    "# Configuration of Sluice. Next: `sluice plan` shows what is followed and what is missing.",
    "",
    "# observe: decide and record everything, send nothing. enforce: also poke the clusters' Receivers.",
    "mode: observe",
    "",
    "clusters:",
    `  - name: ${cluster}`,
    "    manifests:",
    ...Object.entries(manifests).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
    "    # How this cluster's Flux Receivers are reached; enforce mode needs it.",
    "    # receiver:",
    "    #   baseUrl: https://flux-webhook.example.com",
    "    #   token: {env: FLUX_RECEIVER_TOKEN}",
    ...(sources.length === 0
      ? []
      : ["", "# Who tells Sluice about pushes. Secrets are read from the environment or files.", "sources:"]),
    ...sources,
    ...draftRegistries(hosts),
    ...draftRules(subscriptions),
  ];
  return `${lines.join("\n")}\n`;
};
