import type { Finding, Severity } from "../../policy/finding.ts";
import { lintIdentity, lintSubscriptions } from "../../policy/lint.ts";
import { usageError } from "../cli-error.ts";
import { globalOptions, type Register } from "../io.ts";
import { createPaint, type Paint } from "../paint.ts";
import type { LoadedPolicy, PolicyPorts } from "../policy-ports.ts";
import { examples } from "../program.ts";
import { type Cell, formatTable } from "../table.ts";

const SEVERITIES = ["error", "warning", "info"] as const satisfies readonly Severity[];

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);

const toSeverity = (text: string): Severity => {
  const severity = SEVERITIES.find((known) => known === text);
  if (severity === undefined) throw usageError(`--fail-on ${text}: write one of ${SEVERITIES.join(", ")}`);
  return severity;
};

const byWeight = (a: Finding, b: Finding): number =>
  rank(a.severity) - rank(b.severity) ||
  (a.where?.file ?? "").localeCompare(b.where?.file ?? "") ||
  (a.where?.line ?? 0) - (b.where?.line ?? 0);

/** The configuration's identities are judged as the manifests' are. */
const lintRules = ({ config }: LoadedPolicy, file: string): readonly Finding[] =>
  config.rules.flatMap(({ key, identities }) =>
    identities.flatMap((identity, index) =>
      lintIdentity(identity).map((finding) => ({
        ...finding,
        message: `${file} ${key}.identities[${index}]: ${finding.message}`,
      })),
    ),
  );

const lintAll = (policy: LoadedPolicy, file: string): readonly Finding[] =>
  [...policy.findings, ...lintSubscriptions(policy.catalog.subscriptions()), ...lintRules(policy, file)].sort(
    byWeight,
  );

const placeOf = ({ cluster, object, where }: Finding): string => {
  const place = where === undefined ? "" : `${where.file}:${where.line}`;
  const name = object === undefined ? "" : `${object.kind}/${object.namespace}/${object.name}`;
  return [cluster, place, name].filter((part) => part !== undefined && part !== "").join(" ");
};

const severityCell = (paint: Paint, severity: Severity): Cell => ({
  painted: { error: paint.bad, warning: paint.warn, info: paint.dim }[severity](severity),
});

/** `sluice lint`: what a person should look at in the manifests and the rules. */
export const createLintCommand =
  (ports: PolicyPorts): Register =>
  (program, io) => {
    program
      .command("lint")
      .summary("check the manifests and the rules")
      .description(
        "Reads sluice.yaml and the clusters' manifests and prints what Flux would refuse, what is not served, and what says something else than its author may think. Exit code 1 if anything is at or above --fail-on.",
      )
      .option("--fail-on <severity>", `one of ${SEVERITIES.join(", ")}`, "error")
      .addHelpText("after", examples("sluice lint", "sluice lint --fail-on warning --json"))
      .action(async ({ failOn }: { failOn: string }, command) => {
        const threshold = rank(toSeverity(failOn));
        const { json, config } = globalOptions(command);
        const findings = lintAll(await ports.loadPolicy(config, io), config);
        const paint = createPaint(io);
        const rows = findings.map((finding) => [
          severityCell(paint, finding.severity),
          finding.code,
          placeOf(finding),
          finding.message,
        ]);
        if (json) io.stdout.write(`${JSON.stringify(findings)}\n`);
        else if (rows.length === 0) io.stdout.write("nothing to complain about\n");
        else io.stdout.write(formatTable(paint, ["severity", "code", "where", "what"], rows));
        if (findings.some(({ severity }) => rank(severity) <= threshold)) io.exitWith(1);
      });
  };
