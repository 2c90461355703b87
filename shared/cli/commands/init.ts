import { dirname, relative, resolve } from "node:path";
import type { ManifestSettings } from "../../config/config.ts";
import type { Finding } from "../../policy/finding.ts";
import { CliError, usageError } from "../cli-error.ts";
import { counted } from "../counted.ts";
import { draftConfig } from "../init/draft-config.ts";
import { type CommandIo, globalOptions, type Register } from "../io.ts";
import type { PolicyPorts } from "../policy-ports.ts";
import { printable } from "../printable.ts";
import { examples } from "../program.ts";

interface InitOptions {
  readonly manifests?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: boolean;
  readonly cluster: string;
  readonly force?: boolean;
  readonly print?: boolean;
}

/** Where the manifests are now, and how the new file says so. */
interface Place {
  readonly settings: ManifestSettings;
  readonly written: Readonly<Record<string, string | true>>;
}

const SELECTING = "OCIRepository, HelmRelease, HelmChart, ImagePolicy";
const CLUSTER_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const toPlace = (
  { manifests, kubeconfig, context, inCluster }: InitOptions,
  file: string,
  cwd: string,
): Place => {
  const intervalMs = 0;
  /** As the new file should name it: relative to itself. */
  const fromFile = (path: string): string => {
    const found = relative(dirname(resolve(cwd, file)), resolve(cwd, path));
    return found.startsWith("..") ? found : `./${found}`;
  };
  const named = [manifests, kubeconfig, inCluster].filter((option) => option !== undefined);
  if (named.length !== 1)
    throw usageError("write one of --manifests FOLDER, --kubeconfig FILE and --in-cluster");
  if (context !== undefined && kubeconfig === undefined)
    throw usageError("--context belongs to --kubeconfig");
  if (manifests !== undefined) {
    const settings = { kind: "folder", folder: resolve(cwd, manifests), intervalMs } as const;
    return { settings, written: { folder: fromFile(manifests) } };
  }
  if (kubeconfig === undefined) {
    return { settings: { kind: "in-cluster", intervalMs }, written: { inCluster: true } };
  }
  const chosen = context === undefined ? {} : { context };
  return {
    settings: { kind: "kubeconfig", path: resolve(cwd, kubeconfig), ...chosen, intervalMs },
    written: { kubeconfig: fromFile(kubeconfig), ...chosen },
  };
};

/** Where was looked, for what, and what to try instead. */
const toSearch = ({ manifests, kubeconfig }: InitOptions) =>
  manifests === undefined
    ? {
        place: kubeconfig === undefined ? "this cluster" : `the cluster of ${kubeconfig}`,
        wanted: SELECTING,
        next: "check that it is the one you mean, with --context for another of the kubeconfig",
      }
    : {
        place: manifests,
        wanted: `${SELECTING} in .yaml, .yml and .json files`,
        next: "name the folder of the rendered manifests, as `flux build kustomization` prints them",
      };

/** A draft without objects would serve nobody, and say so only later. */
const nothingFound = (options: InitOptions, findings: readonly Finding[]): CliError => {
  const { place, wanted, next } = toSearch(options);
  const error = findings.find(({ severity }) => severity === "error");
  const where = error?.where === undefined ? "" : `${error.where.file}:${error.where.line}: `;
  const mend = error === undefined ? next : `the first error: ${where}${error.message}`;
  const message = `${place}: holds no object that selects from a registry (looked for ${wanted}), so no file was written; ${mend}`;
  return new CliError(message, { code: "ABSENT" });
};

const init = async (
  ports: PolicyPorts,
  io: CommandIo,
  config: string,
  options: InitOptions,
  json: boolean,
): Promise<string> => {
  const { cluster, force = false, print = false } = options;
  if (!CLUSTER_NAME.test(cluster)) {
    throw usageError(`--cluster ${cluster}: write lower-case letters, digits and dashes`);
  }
  const { settings, written } = toPlace(options, config, io.cwd);
  const { catalog, findings } = await ports.loadManifests(cluster, settings);
  const objects = [...catalog.subscriptions()].length;
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (objects === 0) throw nothingFound(options, findings);
  const text = draftConfig({ cluster, manifests: written, catalog });
  if (!print) await ports.writeFile(config, text, force, io);
  if (json) {
    return `${JSON.stringify({ ...(print ? { text } : { file: config }), objects, errors })}\n`;
  }
  if (print) return text;
  const lint = errors === 0 ? "" : ` ${counted(errors, "error")} in the manifests: sluice lint.`;
  return `wrote ${printable(config)} for ${counted(objects, "object")}, in observe mode.${lint} Next: sluice plan\n`;
};

/** `sluice init`: a first sluice.yaml from the manifests that are there. */
export const createInitCommand =
  (ports: PolicyPorts): Register =>
  (program, io) => {
    program
      .command("init")
      .summary("write a first sluice.yaml")
      .description(
        "Reads rendered Flux manifests from a folder, or a running cluster, and writes a sluice.yaml for them: one cluster, a source for each registry that its objects pull from, and the repositories that nobody has to sign yet. It observes only.",
      )
      .option("--manifests <folder>", "folder of rendered manifests (what kustomize or flux build prints)")
      .option("--kubeconfig <file>", "read them from a running cluster")
      .option("--context <name>", "context of the kubeconfig (default: its current one)")
      .option("--in-cluster", "read them from the cluster that Sluice runs in, by its service account")
      .option("--cluster <name>", "name of the cluster", "production")
      .option("--force", "replace the file if it is there")
      .option("--print", "print it instead of writing a file")
      .addHelpText(
        "after",
        examples(
          "flux build kustomization apps --path ./apps --dry-run > rendered/apps.yaml",
          "sluice init --manifests rendered && sluice plan",
          "sluice init --kubeconfig ~/.kube/config --context production",
        ),
      )
      .action(async (options: InitOptions, command) => {
        const { config, json } = globalOptions(command);
        io.stdout.write(await init(ports, io, config, options, json));
      });
  };
