import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type Tags } from "yaml";

const INFRA = join(import.meta.dirname, "../../infra/aws");
const FUNCTIONS = ["Ref", "GetAtt", "Sub", "If", "Not", "Equals", "Join"] as const;

/** A deployment: what serverless.yml and CloudFormation put in place of names. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly stage: string;
  /** Of serverless.yml; one that is missing is an error. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** One of CloudFormation's short forms, as it was written. */
interface Call {
  readonly fn: (typeof FUNCTIONS)[number];
  readonly args: unknown;
}

const isCall = (node: unknown): node is Call => typeof node === "object" && node !== null && "fn" in node;

const fieldsOf = (node: unknown): Fields =>
  typeof node === "object" && node !== null ? (node as Fields) : {};

const toTag = (fn: string, collection?: "seq") => ({
  tag: `!${fn}`,
  ...(collection === undefined ? {} : { collection }),
  resolve: (args: unknown) => ({ fn, args }),
});

const customTags = FUNCTIONS.flatMap((fn) => [toTag(fn), toTag(fn, "seq")]) as unknown as Tags;

const readTemplates = (): readonly Fields[] =>
  readdirSync(INFRA)
    .filter((file) => file.endsWith(".yml"))
    .map((file) =>
      fieldsOf(JSON.parse(JSON.stringify(parse(readFileSync(join(INFRA, file), "utf8"), { customTags })))),
    );

/** The statements of a role, as AWS reads them in that deployment; those whose condition does not hold are left out. */
export const readStatements = (role: string, place: Place): readonly Statement[] => {
  const templates = readTemplates();
  const section = (name: string): Fields => Object.assign({}, ...templates.map((one) => fieldsOf(one[name])));
  const [resources, parameters, conditions] = [
    section("Resources"),
    section("Parameters"),
    section("Conditions"),
  ];

  const pseudo: Readonly<Record<string, unknown>> = {
    "AWS::AccountId": place.account,
    "AWS::Region": place.region,
    "AWS::Partition": "aws",
    "AWS::NoValue": undefined,
  };

  const known = (value: string | undefined, what: string): string => {
    if (value === undefined) throw new Error(`nothing known of ${what}`);
    return value;
  };

  const text = (value: string): string =>
    value
      .replaceAll(/\$\{param:(\w+)\}/g, (_, name: string) => known(place.params[name], name))
      .replaceAll(/\$\{sls:stage\}/g, place.stage);

  const refer = (name: string): unknown => {
    if (name in pseudo) return pseudo[name];
    const { Type, Default } = fieldsOf(parameters[name]);
    const value = plain(Default ?? known(undefined, name));
    return Type === "CommaDelimitedList" ? String(value).split(",") : value;
  };

  const arnOf = (path: string): string => {
    const { Type, Properties } = fieldsOf(resources[path.replace(/\.Arn$/, "")]);
    const named = fieldsOf(plain(Properties));
    const where = `${place.region}:${place.account}`;
    if (Type === "AWS::SQS::Queue") return `arn:aws:sqs:${where}:${named.QueueName}`;
    if (Type === "AWS::DynamoDB::Table") return `arn:aws:dynamodb:${where}:table/${named.TableName}`;
    return known(undefined, path);
  };

  const substitute = (args: unknown): string => {
    const [template, names] = Array.isArray(args) ? args : [args, {}];
    const own = fieldsOf(plain(names));
    return String(template).replaceAll(/\$\{([\w:.]+)\}/g, (_, name: string) =>
      String(name in own ? own[name] : name.endsWith(".Arn") ? arnOf(name) : refer(name)),
    );
  };

  const call = ({ fn, args }: Call): unknown => {
    const list = Array.isArray(args) ? args : [args];
    switch (fn) {
      case "Ref":
        return refer(String(args));
      case "GetAtt":
        return arnOf(String(args));
      case "Sub":
        return substitute(args);
      case "If":
        return plain(plain(conditions[String(list[0])]) === true ? list[1] : list[2]);
      case "Not":
        return plain(list[0]) !== true;
      case "Equals":
        return plain(list[0]) === plain(list[1]);
      case "Join":
        return (plain(list[1]) as readonly string[]).join(String(list[0]));
    }
  };

  const plain = (node: unknown): unknown => {
    if (typeof node === "string") return text(node);
    if (Array.isArray(node)) return node.map(plain).filter((one) => one !== undefined);
    // Names of parameters and of the stage stand inside what CloudFormation substitutes.
    if (isCall(node)) return call(JSON.parse(text(JSON.stringify(node))) as Call);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, plain(value)]));
  };

  const { Policies } = fieldsOf(plain(fieldsOf(resources[role]).Properties));
  return (Policies as readonly Fields[]).flatMap(
    ({ PolicyDocument }) => fieldsOf(PolicyDocument).Statement as readonly Statement[],
  );
};

/** Whether AWS's wildcards in a policy's resource cover an ARN. */
export const coversResource = (pattern: string, arn: string): boolean => {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(arn);
};
