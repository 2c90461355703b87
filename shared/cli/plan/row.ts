import { formatRepository } from "../../artifact/repository.ts";
import type { Config, RuleSettings } from "../../config/config.ts";
import { rulesFor } from "../../config/to-rules.ts";
import type { Catalog } from "../../policy/catalog/catalog.ts";
import type { Finding } from "../../policy/finding.ts";
import { isRangeEmpty } from "../../policy/lint-range.ts";
import { whyUnmatched } from "../../policy/lint-unmatched.ts";
import type { Subscription } from "../../ports.ts";
import { selectorText, signersText } from "../subscription-text.ts";
import { covers } from "./covers.ts";

/** What is missing for the object to be served as its author may expect. Stable codes. */
export const GAPS = {
  suspended: "suspended: Flux does not look, so Sluice does not poke",
  "object-invalid": "Flux or Sluice refuses the object; see `sluice lint`",
  "no-identity-rule":
    "nobody has to sign it, so every version is rejected; write a rule or `unverified: allow`",
  "unverified-allowed": "let through unsigned, by a rule with `unverified: allow`",
  "signer-impossible":
    "no signature can satisfy a rule of it, so every version is rejected; see `sluice lint`",
  "range-empty": "no version can be in its range",
  "no-receiver": "no Receiver reaches it, so nobody is told",
  "no-event-source": "no source brings its registry's events; only the sweep sees its pushes",
  "nothing-selected": "no tag of the repository matches now",
} as const;

export type Gap = keyof typeof GAPS;

/** What the registry answered; `unknown` where it was not asked or did not answer. */
export type Selected =
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "none"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** One object of the plan, as `sluice plan --json` prints it. */
export interface PlanRow {
  readonly cluster: string;
  readonly object: string;
  readonly repository: string;
  readonly takes: string;
  readonly selected: Selected;
  /** Every entry must hold. */
  readonly signedBy: readonly { readonly origin: "object" | "sluice"; readonly who: string }[];
  readonly receivers: readonly string[];
  readonly sources: readonly string[];
  readonly gaps: readonly Gap[];
}

export interface PlanInputs {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly findings: readonly Finding[];
}

const isAbout = ({ object, cluster }: Finding, subscription: Subscription): boolean =>
  cluster === subscription.cluster &&
  object?.kind === subscription.object.kind &&
  object.namespace === subscription.object.namespace &&
  object.name === subscription.object.name;

/** A rule that nobody's signature satisfies: it names nobody, or only whom no certificate can name. */
const isImpossible = (
  rule: Pick<RuleSettings, "identities"> & { keys: readonly unknown[]; unverified?: boolean },
) =>
  rule.unverified !== true &&
  rule.keys.length === 0 &&
  rule.identities.every((identity) => whyUnmatched(identity) !== undefined);

export const toPlanRow = (
  subscription: Subscription,
  selected: Selected,
  { config, catalog, findings }: PlanInputs,
): PlanRow => {
  const { object, repository, rules, suspended } = subscription;
  const required = rulesFor(config.rules, repository);
  const signedBy = [
    ...rules.map((rule) => ({ origin: "object" as const, who: signersText(rule) })),
    ...required
      .filter(({ unverified }) => !unverified)
      .map((rule) => ({
        origin: "sluice" as const,
        who: signersText({ identities: rule.identities, keys: rule.keys.map(() => "") }),
      })),
  ];
  const receivers = catalog.receiversOf(subscription).map(({ id }) => id);
  const sources = config.sources.filter((source) => covers(source, repository.registry));
  const nobody = signedBy.length === 0;
  const isRefused = findings.some(
    (finding) => finding.severity === "error" && isAbout(finding, subscription),
  );
  const found: readonly (readonly [Gap, boolean])[] = [
    ["suspended", suspended],
    ["object-invalid", isRefused],
    ["no-identity-rule", nobody && required.length === 0],
    ["unverified-allowed", nobody && required.length > 0],
    ["signer-impossible", [...rules, ...required].some(isImpossible)],
    ["range-empty", isRangeEmpty(subscription.selector)],
    ["no-receiver", receivers.length === 0],
    ["no-event-source", sources.length === 0],
    ["nothing-selected", selected.kind === "none"],
  ];
  return {
    cluster: subscription.cluster,
    object: `${object.kind}/${object.namespace}/${object.name}`,
    repository: formatRepository(repository),
    takes: selectorText(subscription.selector),
    selected,
    signedBy,
    receivers,
    sources: sources.map(({ name }) => name),
    gaps: found.filter(([, holds]) => holds).map(([gap]) => gap),
  };
};
