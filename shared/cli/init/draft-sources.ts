import type { SourceType } from "../../config/schema-sources.ts";
import { covers } from "../plan/covers.ts";

const VENDORS: readonly SourceType[] = ["ecr", "acr-webhook", "gar", "ghcr", "dockerhub"];

const secretOf = (name: string): string => `SLUICE_${name.toUpperCase().replaceAll("-", "_")}_SECRET`;

const vendorOf = (host: string): SourceType | undefined => {
  if (host === "quay.io") return "quay";
  const plain = { path: "", secrets: [], unauthenticated: false };
  return VENDORS.find((type) => covers({ ...plain, type, name: type }, host));
};

const draftVendor = (type: SourceType): readonly string[] =>
  type === "gar"
    ? [
        "  - type: gar",
        "    audience: https://sluice.example.com/events/gar # the push subscription's",
        "    email: pubsub-push@my-project.iam.gserviceaccount.com # its service account",
      ]
    : [`  - type: ${type}`, `    secrets: [{env: ${secretOf(type)}}]`];

const draftOwn = (host: string, index: number): readonly string[] => {
  const name = index === 0 ? "own" : `own-${index + 1}`;
  return [
    `  - type: distribution # what ${host} is: distribution, harbor, zot, gitlab, quay, jfrog, nexus`,
    `    name: ${name}`,
    `    registry: ${JSON.stringify(host)}`,
    `    secrets: [{env: ${secretOf(name)}}]`,
  ];
};

/** One source for each registry that the objects pull from; those of no known vendor are for a person to name. */
export const draftSources = (hosts: readonly string[]): readonly string[] => {
  const vendors = new Set<SourceType>();
  const own: string[] = [];
  for (const host of [...new Set(hosts)].sort()) {
    const vendor = vendorOf(host);
    if (vendor === undefined) own.push(host);
    else vendors.add(vendor);
  }
  return [...[...vendors].flatMap(draftVendor), ...own.flatMap(draftOwn)];
};
