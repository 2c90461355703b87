import type { Selector, VerifyRule } from "../ports.ts";

/** Which versions a selector takes, as a person would say it. */
export const selectorText = (selector: Selector): string => {
  switch (selector.kind) {
    case "digest":
      return selector.digest;
    case "tag":
      return `tag ${selector.tag}`;
    case "semver":
      return `${selector.range}${selector.filter === undefined ? "" : ` among ${selector.filter}`}`;
    case "image-policy": {
      const { order, filter } = selector;
      const which = order.by === "semver" ? order.range : `${order.by} ${order.order}`;
      return `${which}${filter?.pattern === undefined ? "" : ` among ${filter.pattern}`}`;
    }
  }
};

/** Who satisfies one rule: its entries are alternatives. */
export const signersText = ({ identities, keys }: Pick<VerifyRule, "identities" | "keys">): string => {
  const who = [
    ...identities.map(({ issuer, subject }) => `${subject} by ${issuer}`),
    ...(keys.length === 0 ? [] : [keys.length === 1 ? "a key" : `one of ${keys.length} keys`]),
  ];
  return who.length === 0 ? "nobody can" : who.join(" or ");
};
