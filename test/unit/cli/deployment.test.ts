import { expect, test } from "vitest";
import { deployedOptions, toDeployment } from "../../../shared/cli/deployment.ts";
import type { Register } from "../../../shared/cli/io.ts";
import { runSluice } from "../../support/cli.ts";

const show: Register = (program, io) => {
  deployedOptions(program.command("show")).action((_options, command) => {
    io.stdout.write(JSON.stringify(toDeployment(command)));
  });
};

test.each([
  [["show"], { config: "sluice.yaml", runtime: "local", stage: "" }],
  [["show", "--config", "x.yaml"], { config: "x.yaml", runtime: "local", stage: "" }],
  [["show", "--runtime", "aws", "--stage", "prod"], { config: "sluice.yaml", runtime: "aws", stage: "prod" }],
])("%j", async (argv, deployment) => {
  const { stdout, stderr } = await runSluice(argv, { commands: [show] });
  expect([stderr, JSON.parse(stdout)]).toEqual(["", deployment]);
});

test.each([
  [["show", "--runtime", "aws"], /--stage/],
  [["show", "--runtime", "mainframe"], /mainframe/],
])("%j is refused", async (argv, message) => {
  const { code, stderr } = await runSluice(argv, { commands: [show] });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
