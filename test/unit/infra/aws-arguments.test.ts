import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readPackageArguments } from "../../../infra/aws/package-arguments.ts";

const FILE = fileURLToPath(new URL("../../../serverless.yml", import.meta.url));
const read = (line: string, env = {}) => readPackageArguments(line.split(" ").filter(Boolean), FILE, env);

describe("what is asked of npm run package:aws", () => {
  test("has defaults, the region that of the shell", () => {
    const defaults = { command: "package", config: "deployment", stage: "dev", params: [] };
    expect(read("package")).toEqual({ ...defaults, region: "eu-central-1" });
    expect(read("", { AWS_REGION: "us-gov-west-1" })).toEqual({ ...defaults, region: "us-gov-west-1" });
  });

  test("is taken as it is written", () => {
    expect(
      read("deploy --config d --stage prod --region us-east-1 --param eventBus= --param quietHours=72"),
    ).toEqual({
      command: "deploy",
      config: "d",
      stage: "prod",
      region: "us-east-1",
      params: ["eventBus=", "quietHours=72"],
    });
  });

  test("may be help", () => {
    expect(read("package --help --stage Prod")).toBeUndefined();
  });

  test.each([
    ["package --stage Prod_1", /^--stage Prod_1: lower-case letters/],
    ["package --region Frankfurt", /^--region Frankfurt: write e\.g\. eu-central-1$/],
    ["package --param alarmTopic", /^--param alarmTopic: write name=value$/],
    [
      "package --param alarmTopc=arn:x",
      /^--param alarmTopc: there is no such parameter; there are .*alarmTopic/,
    ],
    ["package --param evaluateAudiences=x", /^--param evaluateAudiences: there is no such parameter/],
    ["package --param quietHours=200", /^--param quietHours=200: write hours from 1 to 168/],
    ["package --param quietHours=soon", /^--param quietHours=soon: write hours from 1 to 168/],
    ["undeploy", /^undeploy: see --help$/],
    ["package twice", /^twice: see --help$/],
    ["package --bogus", /^Unknown option '--bogus'/],
  ])("%s: refused in one line", (line, message) => {
    expect(() => read(line)).toThrow(message);
    expect(() => read(line)).not.toThrow(/\n/);
  });
});
