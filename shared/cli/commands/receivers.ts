import { type Command, Option } from "commander";
import type { ClusterSettings, Config } from "../../config/config.ts";
import { checkReach, type ReachFinding } from "../../delivery/check-reach.ts";
import { toYaml } from "../../delivery/manifest-yaml.ts";
import { toReceiversManifests } from "../../delivery/receivers-manifest.ts";
import { CliError, usageError } from "../cli-error.ts";
import { type CommandIo, globalOptions, type Register } from "../io.ts";
import { createPaint, type Paint } from "../paint.ts";
import { examples } from "../program.ts";
import { type PlanOptions, toClusterPlan } from "../receivers/plan.ts";
import type { LoadClusters } from "../receivers/ports.ts";
import { toReachInput } from "../receivers/views.ts";
import { type Cell, formatTable } from "../table.ts";

const SEVERITIES = ["error", "warning", "info"] as const;
type Severity = ReachFinding["severity"];

const chooseCluster = ({ clusters }: Config, name: string | undefined, path: string): ClusterSettings => {
  const names = clusters.map((one) => one.name).join(", ");
  const [first, ...others] = clusters;
  if (name === undefined && (first === undefined || others.length > 0)) {
    throw usageError(`say which cluster with --cluster: ${names}`);
  }
  const found = name === undefined ? first : clusters.find((one) => one.name === name);
  if (found === undefined) throw usageError(`--cluster ${name}: ${path} has ${names}`);
  return found;
};

const print = async (
  load: LoadClusters,
  io: CommandIo,
  options: PlanOptions & { readonly cluster?: string },
  command: Command,
): Promise<void> => {
  const { json, config: path } = globalOptions(command);
  const { config, catalog } = await load(path, io);
  const cluster = chooseCluster(config, options.cluster, path);
  const plan = toClusterPlan(options, cluster, config, catalog);
  if (plan.receivers.targets.length === 0) {
    throw new CliError(`${cluster.name}: no object to tell of; see \`sluice plan\``, { code: "ABSENT" });
  }
  const manifests = toReceiversManifests(plan);
  const list = { apiVersion: "v1", kind: "List", items: manifests.map(({ object }) => object) };
  io.stdout.write(json ? `${JSON.stringify(list)}\n` : toYaml(manifests));
};

const severityCell = (paint: Paint, severity: Severity): Cell => ({
  painted: { error: paint.bad, warning: paint.warn, info: paint.dim }[severity](severity),
});

interface CheckOptions {
  readonly cluster?: string;
  readonly failOn: Severity;
  readonly crossNamespace: boolean;
}

const check = async (
  load: LoadClusters,
  io: CommandIo,
  { cluster, failOn, crossNamespace }: CheckOptions,
  command: Command,
): Promise<void> => {
  const { json, config: path } = globalOptions(command);
  const { config, catalog, clusters } = await load(path, io);
  const chosen = cluster === undefined ? undefined : chooseCluster(config, cluster, path).name;
  const providersOf = (name: string) => config.clusters.find((one) => one.name === name)?.inputs?.providers;
  const findings = clusters
    .filter(({ name }) => chosen === undefined || name === chosen)
    .flatMap((one) =>
      checkReach(toReachInput(one, catalog, crossNamespace, providersOf(one.name))).map((finding) => ({
        cluster: one.name,
        ...finding,
      })),
    )
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const paint = createPaint(io);
  const rows = findings.map(({ severity, code, cluster: name, receiver, message }) => [
    severityCell(paint, severity),
    code,
    receiver ?? name,
    message,
  ]);
  if (json) io.stdout.write(`${JSON.stringify(findings)}\n`);
  else if (rows.length === 0) io.stdout.write("every object is reached, and nothing else\n");
  else io.stdout.write(formatTable(paint, ["severity", "code", "receiver", "what"], rows));
  const threshold = SEVERITIES.indexOf(failOn);
  if (findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= threshold)) io.exitWith(1);
};

const printOptions = (command: Command): Command =>
  command
    .option("--cluster <name>", "which cluster; needed where sluice.yaml has several")
    .option("--name <name>", "name of the Receivers", "sluice")
    .option("--secret <name>", "Secret with the token, for generic-hmac", "sluice-token")
    .addOption(
      new Option("--type <type>", "how they know Sluice (default: as sluice.yaml says)").choices([
        "generic-hmac",
        "generic-oidc",
      ]),
    )
    .option("--issuer <url>", "who signs Sluice's identity tokens, for generic-oidc")
    .option("--subject <subject>", "`sub` of those tokens")
    .option("--audience <audience>", "their audience, one for each cluster")
    .option(
      "--named",
      "name every object instead of taking all of a kind; one that is removed makes every request a 500",
    )
    .option("--host <name>", "also print the way in, under this name")
    .option("--ingress-class <name>", "class of the Ingress")
    .option("--tls-secret <name>", "Secret with the Ingress' certificate")
    .option("--gateway <namespace/name>", "an HTTPRoute for this Gateway instead of an Ingress")
    .option("--from-namespace <name>", "where the ingress controller or gateway runs")
    .option(
      "--address <url>",
      "also print Alert and Provider, which send the cluster's events to Sluice at this address",
    )
    .option("--events-secret <name>", "Secret that signs those events", "sluice-events-token")
    .option("--flux-namespace <name>", "where notification-controller runs", "flux-system");

/** `sluice receivers`: what a cluster needs in Git to be told, and whether what it has reaches. */
export const createReceiversCommand =
  (load: LoadClusters): Register =>
  (program, io) => {
    const receivers = printOptions(
      program
        .command("receivers")
        .summary("print a cluster's Receivers, or check those it has")
        .description(
          "Prints the Receivers that reach exactly what a cluster follows, ready for Git, with skeletons of their Secrets; with --host the Ingress or HTTPRoute and a NetworkPolicy, with --address the Alert and Provider that confirm.",
        ),
    )
      .addHelpText(
        "after",
        examples(
          "sluice receivers --cluster production > clusters/production/sluice.yaml",
          "sluice receivers --host flux.example.com --ingress-class nginx \\",
          "    --from-namespace ingress-nginx",
          "sluice receivers check",
        ),
      )
      .action((options: PlanOptions & { cluster?: string }, command: Command) =>
        print(load, io, options, command),
      );
    receivers
      .command("check")
      .summary("what the Receivers miss, poke too much, or cannot do")
      .description(
        "Judges the Receivers among the clusters' manifests: objects they miss or poke without need, entries that make every request a 500, paths that collide. Exit code 1 if anything is at or above --fail-on.",
      )
      .option("--cluster <name>", "only this cluster")
      .addOption(
        new Option("--fail-on <severity>", "from what on it fails").choices(SEVERITIES).default("warning"),
      )
      .option(
        "--no-cross-namespace",
        "the clusters run notification-controller with --no-cross-namespace-refs",
      )
      .addHelpText(
        "after",
        examples("sluice receivers check --json", "sluice receivers check --fail-on error"),
      )
      .action((options: CheckOptions, command: Command) =>
        check(load, io, { ...command.optsWithGlobals(), ...options }, command),
      );
  };
