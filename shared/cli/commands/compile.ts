import type { Catalog } from "../../policy/catalog/catalog.ts";
import { toJson } from "../../policy/catalog/catalog-json.ts";
import type { CatalogContent } from "../../policy/catalog/pack.ts";
import { usageError } from "../cli-error.ts";
import { counted } from "../counted.ts";
import { globalOptions, type Register } from "../io.ts";
import type { LoadedPolicy, PolicyPorts } from "../policy-ports.ts";
import { printable } from "../printable.ts";
import { examples } from "../program.ts";

const toContent = (catalog: Catalog): CatalogContent => {
  const subscriptions = [...catalog.subscriptions()];
  return {
    subscriptions,
    receivers: [...catalog.receivers()],
    followers: Object.fromEntries(
      subscriptions
        .map((subscription) => [subscription.id, catalog.followersOf(subscription)] as const)
        .filter(([, followers]) => followers.length > 0),
    ),
    alerts: catalog.alerts,
    trustedRoots: catalog.trustedRoots,
  };
};

/** Writing a compiled catalog anew would only give it a later date. */
const requireManifests = ({ config }: LoadedPolicy): void => {
  const compiled = config.clusters.find(({ manifests }) => manifests.kind === "catalog");
  if (compiled === undefined) return;
  throw usageError(`cluster ${compiled.name} names no manifests to compile; write clusters[].manifests`);
};

/** `sluice compile`: the manifests as one file, for where there is no folder to read. */
export const createCompileCommand =
  (ports: PolicyPorts): Register =>
  (program, io) => {
    program
      .command("compile")
      .summary("write the catalog that functions ship with")
      .description(
        "Reads sluice.yaml and the clusters' manifests and writes what they say as one JSON file. Its version is over its content, so equal policy has one version whenever it was compiled. Objects with errors are left out: see `sluice lint`.",
      )
      .option("--output <file>", "write it here instead of to standard output; replaces the file")
      .addHelpText("after", examples("sluice lint && sluice compile --output catalog.json"))
      .action(async ({ output }: { output?: string }, command) => {
        const { config, json } = globalOptions(command);
        const policy = await ports.loadPolicy(config, io);
        requireManifests(policy);
        const { catalog } = policy;
        const text = `${toJson(toContent(catalog), io.nowMs())}\n`;
        if (output === undefined) {
          io.stdout.write(text);
          return;
        }
        await ports.writeFile(output, text, true, io);
        const objects = [...catalog.subscriptions()].length;
        const errors = policy.findings.filter(({ severity }) => severity === "error").length;
        if (json) {
          const written = { file: output, objects, version: catalog.version, errors };
          io.stdout.write(`${JSON.stringify(written)}\n`);
          return;
        }
        const lint = errors === 0 ? "" : `; ${counted(errors, "error")}, see \`sluice lint\``;
        const what = `${counted(objects, "object")}, version ${catalog.version}`;
        io.stderr.write(`sluice: wrote ${printable(output)}: ${what}${lint}\n`);
      });
  };
