import type { Config } from "../../config/config.ts";
import type { Catalog } from "../../policy/catalog/catalog.ts";
import { covers } from "./covers.ts";

/** Entries of sluice.yaml that no object has anything to do with: most often a misspelt repository or host. */
export interface Unused {
  /** `rules[0]` */
  readonly rules: readonly string[];
  readonly sources: readonly string[];
}

export const findUnused = ({ rules, sources }: Config, catalog: Catalog): Unused => {
  const repositories = [...catalog.subscriptions()].map(({ repository }) => repository);
  return {
    rules: rules
      .filter((rule) => !repositories.some((name) => rule.repositories.some((glob) => glob.matches(name))))
      .map(({ key }) => key),
    sources: sources
      .filter((source) => !repositories.some(({ registry }) => covers(source, registry)))
      .map(({ name }) => name),
  };
};
