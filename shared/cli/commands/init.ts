import { dirname, relative, resolve } from "node:path";
import { usageError } from "../cli-error.ts";
import { draftConfig } from "../init/draft-config.ts";
import { type CommandIo, globalOptions, type Register } from "../io.ts";
import type { PolicyPorts } from "../policy-ports.ts";
import { printable } from "../printable.ts";
import { examples } from "../program.ts";

interface InitOptions {
  readonly manifests: string;
  readonly cluster: string;
  readonly force?: boolean;
  readonly print?: boolean;
}

const CLUSTER_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** As the new file should name the folder: relative to itself. */
const toFolder = (manifests: string, config: string, cwd: string): string => {
  const path = relative(dirname(resolve(cwd, config)), resolve(cwd, manifests));
  return path.startsWith("..") ? path : `./${path}`;
};

const init = async (
  ports: PolicyPorts,
  io: CommandIo,
  config: string,
  { manifests, cluster, force = false, print = false }: InitOptions,
): Promise<string> => {
  if (!CLUSTER_NAME.test(cluster)) {
    throw usageError(`--cluster ${cluster}: write lower-case letters, digits and dashes`);
  }
  const { catalog, findings } = await ports.loadFolder(cluster, manifests, io);
  const text = draftConfig({ cluster, folder: toFolder(manifests, config, io.cwd), catalog });
  if (print) return text;
  await ports.writeFile(config, text, force, io);
  const objects = [...catalog.subscriptions()].length;
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const lint = errors === 0 ? "" : ` ${errors} objects need a look: sluice lint.`;
  return `wrote ${printable(config)} for ${objects} objects, in observe mode.${lint} Next: sluice plan\n`;
};

/** `sluice init`: a first sluice.yaml from the manifests that are there. */
export const createInitCommand =
  (ports: PolicyPorts): Register =>
  (program, io) => {
    program
      .command("init")
      .summary("write a first sluice.yaml")
      .description(
        "Reads a folder of rendered Flux manifests and writes a sluice.yaml for it: one cluster, a source for each\nregistry that its objects pull from, and the repositories that nobody has to sign yet. It observes only.",
      )
      .requiredOption(
        "--manifests <folder>",
        "folder of rendered manifests (what kustomize or flux build prints)",
      )
      .option("--cluster <name>", "name of the cluster", "production")
      .option("--force", "replace the file if it is there")
      .option("--print", "print it instead of writing a file")
      .addHelpText(
        "after",
        examples(
          "flux build kustomization apps --path ./apps --dry-run > rendered/apps.yaml",
          "sluice init --manifests rendered && sluice plan",
        ),
      )
      .action(async (options: InitOptions, command) => {
        io.stdout.write(await init(ports, io, globalOptions(command).config, options));
      });
  };
