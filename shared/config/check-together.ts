import { toRepositoryName } from "../artifact/repository.ts";
import { checkApart } from "./check-apart.ts";
import type { KeyPath } from "./locate.ts";
import type { Problem } from "./problem.ts";
import type { ConfigInput } from "./schema.ts";
import { sourceKeysOf } from "./schema-sources.ts";

type Trust = Pick<
  NonNullable<ConfigInput["rules"]>[number],
  "identities" | "keys" | "unverified" | "transparencyLog" | "trustedRoot"
>;

const repeated = (names: readonly string[]): ReadonlySet<number> => {
  const seen = new Set<string>();
  const indices = new Set<number>();
  for (const [index, name] of names.entries()) {
    if (seen.has(name)) indices.add(index);
    seen.add(name);
  }
  return indices;
};

const checkTrust = (trust: Trust, path: KeyPath, roots: ReadonlySet<string>): readonly Problem[] => {
  const problems: Problem[] = [];
  const add = (key: string, message: string) => problems.push({ path: [...path, key], message });
  const { identities, keys, unverified, transparencyLog, trustedRoot } = trust;
  if (unverified !== undefined && (identities !== undefined || keys !== undefined)) {
    add("unverified", "contradicts identities and keys; remove one side");
  }
  if (identities !== undefined && keys !== undefined) {
    add("keys", "stands beside identities; write two rules, both must hold then");
  }
  if (unverified === undefined && identities === undefined && keys === undefined) {
    problems.push({ path, message: "names nobody; write identities, keys or `unverified: allow`" });
  }
  if (transparencyLog === "none" && keys === undefined) {
    add("transparencyLog", "may be none only with keys; write required or timestamp");
  }
  if (trustedRoot !== undefined && !roots.has(trustedRoot)) {
    add("trustedRoot", "names no entry of trustedRoots; add it there, or use one of its names");
  }
  return problems;
};

const checkClusters = (input: ConfigInput, roots: ReadonlySet<string>): readonly Problem[] => {
  const twice = repeated(input.clusters.map(({ name }) => name));
  return input.clusters.flatMap((cluster, index) => {
    const path = ["clusters", index];
    const problems: Problem[] = [];
    if (twice.has(index)) {
      problems.push({ path: [...path, "name"], message: "is used by another cluster; names must differ" });
    }
    if (cluster.manifests === undefined && input.catalog === undefined) {
      problems.push({
        path: [...path, "manifests"],
        message: "is missing; write {folder: path}, or say at the top where the compiled `catalog` is",
      });
    }
    if (cluster.manifests !== undefined && "artifact" in cluster.manifests) {
      problems.push(...checkTrust(cluster.manifests, [...path, "manifests"], roots));
    }
    if (cluster.receiver === undefined) {
      if (input.mode === "enforce") {
        problems.push({
          path: [...path, "receiver"],
          message: "is missing; enforce mode needs it: write {baseUrl: https://…, token: {env: NAME}}",
        });
      }
      return problems;
    }
    const { token, tokens, audience, audiences, previousToken, signingKey, previousSigningKey } =
      cluster.receiver;
    const { baseUrl, allowPrivateAddresses } = cluster.receiver;
    const isInside = allowPrivateAddresses === true || input.network?.allowPrivate !== undefined;
    if (/^http:/i.test(baseUrl) && !isInside) {
      problems.push({
        path: [...path, "receiver", "baseUrl"],
        message:
          "would show tokens and hook paths to whoever is on the way; write https://…, or `allowPrivateAddresses: true` for a receiver inside your network",
      });
    }
    if (token === undefined && tokens === undefined && audience === undefined && audiences === undefined) {
      problems.push({
        path: [...path, "receiver", "token"],
        message: "is missing; write token or tokens (generic-hmac) or audience (generic-oidc)",
      });
    }
    if (previousToken !== undefined && token === undefined) {
      problems.push({
        path: [...path, "receiver", "previousToken"],
        message: "has no `token` that it precedes; use previousTokens for single Receivers",
      });
    }
    if (previousSigningKey !== undefined && signingKey === undefined) {
      problems.push({
        path: [...path, "receiver", "previousSigningKey"],
        message: "has no `signingKey` that it precedes; call it signingKey",
      });
    }
    return problems;
  });
};

type PathUse = readonly [path: string, at: KeyPath];

/** Paths that somebody calls: events of registries, events of clusters, inputs. Sources among themselves are above. */
const checkPaths = (input: ConfigInput): readonly Problem[] => {
  const sources = (input.sources ?? []).map(
    ({ type, name, path }, index): PathUse => [path ?? `/events/${name ?? type}`, ["sources", index, "path"]],
  );
  const clusters = input.clusters.flatMap(({ name, confirmation, inputs }, index): PathUse[] => {
    const at = ["clusters", index];
    return [
      ...(confirmation === undefined
        ? []
        : ([[confirmation.path ?? `/clusters/${name}/events`, [...at, "confirmation", "path"]]] as const)),
      ...(inputs === undefined
        ? []
        : ([[inputs.path ?? `/clusters/${name}/inputs`, [...at, "inputs", "path"]]] as const)),
    ];
  });
  const taken = new Set(sources.map(([path]) => path));
  const problems: Problem[] = [];
  for (const [path, at] of clusters) {
    if (taken.has(path)) problems.push({ path: at, message: "is used twice; paths must differ" });
    taken.add(path);
  }
  return problems;
};

const checkEndpoints = (input: ConfigInput): readonly Problem[] => {
  const endpoints = input.endpoints ?? [];
  const twice = repeated(endpoints.map(({ name }) => name));
  const clusters = new Set(input.clusters.map(({ name }) => name));
  return endpoints.flatMap((endpoint, index) => {
    const path = ["endpoints", index];
    const problems: Problem[] = [];
    if (twice.has(index)) {
      problems.push({ path: [...path, "name"], message: "is used by another endpoint; names must differ" });
    }
    if (endpoint.secrets === undefined && endpoint.audience === undefined) {
      const message = "proves nothing to its endpoint; write secrets: [{env: NAME}] or an audience";
      problems.push({ path, message });
    }
    const unknown = (endpoint.clusters ?? []).findIndex((name) => !clusters.has(name));
    if (unknown !== -1) {
      problems.push({ path: [...path, "clusters", unknown], message: "names no entry of clusters" });
    }
    return problems;
  });
};

const checkSources = (input: ConfigInput): readonly Problem[] => {
  const sources = input.sources ?? [];
  const nameTwice = repeated(sources.map(({ type, name }) => name ?? type));
  const pathTwice = repeated(sources.map(({ type, name, path }) => path ?? `/events/${name ?? type}`));
  return sources.flatMap((source, index) => {
    const path = ["sources", index];
    const problems: Problem[] = [];
    if (nameTwice.has(index)) {
      problems.push({
        path: [...path, "name"],
        message: "is used by another source; give this one a name of its own",
      });
    }
    if (pathTwice.has(index) && !nameTwice.has(index)) {
      problems.push({ path: [...path, "path"], message: "is used by another source; paths must differ" });
    }
    const add = (key: string, message: string) => problems.push({ path: [...path, key], message });
    const keys = sourceKeysOf(source.type);
    if (
      source.secrets === undefined &&
      source.audience === undefined &&
      source.unauthenticated === undefined
    ) {
      const proof = keys.includes("secrets") ? "secrets: [{env: NAME}]" : "audience and email";
      problems.push({ path, message: `proves nothing; write ${proof}, or \`unauthenticated: allow\`` });
    }
    if (source.audience !== undefined && keys.includes("email") && source.email === undefined) {
      add(
        "email",
        "is missing; any Google service account could post without it: write the push subscription's",
      );
    }
    if (source.audience !== undefined && !keys.includes("email") && source.issuer === undefined) {
      add(
        "issuer",
        "is missing; write your tenant's, e.g. https://login.microsoftonline.com/<tenant id>/v2.0",
      );
    }
    return problems;
  });
};

const checkCatalog = ({ catalog }: ConfigInput, roots: ReadonlySet<string>): readonly Problem[] =>
  catalog !== undefined && "artifact" in catalog ? checkTrust(catalog, ["catalog"], roots) : [];

/** Of two spellings of one registry, one entry's credentials or address rules would silently not hold. */
const checkRegistries = ({ registries = {} }: ConfigInput): readonly Problem[] => {
  const seen = new Set<string>();
  return Object.keys(registries).flatMap((written): readonly Problem[] => {
    const { registry } = toRepositoryName(written, "a/b");
    const message = `names the registry of another entry, ${registry}; keep one of them`;
    const problems = seen.has(registry) ? [{ path: ["registries", written], message }] : [];
    seen.add(registry);
    return problems;
  });
};

/** What no single value shows: names used twice, names of nothing, settings that contradict each other. */
export const checkTogether = (input: ConfigInput): readonly Problem[] => {
  const roots = new Set(["default", ...Object.keys(input.trustedRoots ?? {})]);
  return [
    ...checkCatalog(input, roots),
    ...checkClusters(input, roots),
    ...checkApart(input),
    ...checkSources(input),
    ...checkPaths(input),
    ...checkEndpoints(input),
    ...checkRegistries(input),
    ...(input.rules ?? []).flatMap((rule, index) => checkTrust(rule, ["rules", index], roots)),
  ];
};
