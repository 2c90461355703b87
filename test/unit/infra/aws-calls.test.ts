import { describe, expect, test } from "vitest";
import calls from "../../../infra/aws/calls.json" with { type: "json" };
import { coversResource, type Place, readStatements, type Statement } from "../../support/aws-policies.ts";

/** The deployment that the end-to-end run plays. */
const PLACE: Place = {
  account: "123456789012",
  region: "us-west-2",
  stage: "test",
  params: {
    eventBus: "sluice",
    catalogBucket: "sluice-catalogs",
    ecrRepositories: "acme/*",
    ecrAccount: "",
    ecrRegion: "",
    evaluateAudiences:
      "https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/sluice/providers/sluice-aws",
    deliverAudiences: "flux-c",
  },
};

interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

const parseCall = (line: string): Call => {
  const [action = "", resource = "", ...context] = line.split(" ");
  return { action, resource, context: Object.fromEntries(context.map((pair) => pair.split("="))) };
};

/** The operators that our policies use; another one must be taught here first. */
const holds = ({ Condition = {} }: Statement, { context }: Call): boolean =>
  Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      if (operator === "NumericLessThanEquals") return Number(context[key]) <= Number(wanted);
      if (operator === "ForAllValues:StringLike") {
        const patterns = wanted as readonly string[];
        return patterns.some((pattern) => coversResource(pattern, context[key] ?? ""));
      }
      if (operator === "ForAllValues:StringEquals")
        return (wanted as readonly string[]).includes(context[key] ?? "");
      if (operator === "Null") return String(context[key] === undefined) === wanted;
      throw new Error(`${operator} is not understood`);
    }),
  );

const allows = (statement: Statement, call: Call): boolean =>
  statement.Action.includes(call.action) &&
  statement.Resource.some((resource) => coversResource(resource, call.resource)) &&
  holds(statement, call);

/** Lambda itself writes a function's log, which no run on loopback shows. */
const isLog = ({ Sid }: Statement): boolean => Sid === "WriteItsLog";

const roleOf = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Role`;

describe.each(Object.entries(calls))("%s", (name, lines) => {
  const made = lines.map(parseCall);
  const statements = readStatements(roleOf(name), PLACE);
  const own = statements.filter((one) => !isLog(one));

  test("may do all that it was seen to do end to end", () => {
    const refused = made.filter((call) => !own.some((one) => allows(one, call)));
    expect(refused).toEqual([]);
  });

  test.each(own)("$Sid: each action and each resource was needed", (statement) => {
    const used = made.filter((call) => allows(statement, call));
    expect([...new Set(used.map(({ action }) => action))].sort()).toEqual([...statement.Action].sort());
    const unused = statement.Resource.filter(
      (resource) => !used.some((call) => coversResource(resource, call.resource)),
    );
    expect(unused).toEqual([]);
    const named = Object.entries(statement.Condition?.["ForAllValues:StringEquals"] ?? {});
    for (const [key, values] of named) {
      expect([...new Set(used.map(({ context }) => context[key]))].sort()).toEqual(values);
    }
  });

  test("writes its own log, and no other", () => {
    const group = `arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/sluice-test-${name}:*`;
    expect(statements.filter(isLog)).toEqual([
      expect.objectContaining({ Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: [group] }),
    ]);
  });
});

describe("tokens of STS", () => {
  const mayAsk = (role: string, params: Place["params"] = {}): readonly Statement[] =>
    readStatements(role, { ...PLACE, params: { ...PLACE.params, ...params } }).filter(({ Action }) =>
      Action.includes("sts:GetWebIdentityToken"),
    );

  test.each([
    ["EvaluateRole", "evaluateAudiences"],
    ["DeliverRole", "deliverAudiences"],
  ])("%s may have them for what it is told, and where that is nothing, none", (role, param) => {
    expect(mayAsk(role, { [param]: "" })).toEqual([]);
    expect(mayAsk(role, { [param]: "api://one,api://two" }).map(({ Condition }) => Condition)).toEqual([
      {
        "ForAllValues:StringEquals": { "sts:IdentityTokenAudience": ["api://one", "api://two"] },
        // Without it a request that names no audience would do as well.
        Null: { "sts:IdentityTokenAudience": "false" },
        NumericLessThanEquals: { "sts:DurationSeconds": 300 },
      },
    ]);
  });

  test.each(["IntakeRole", "SweepRole", "InputsRole"])("%s may have none", (role) => {
    expect(mayAsk(role)).toEqual([]);
  });
});
