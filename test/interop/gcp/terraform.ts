import { readdirSync } from "node:fs";
import { join } from "node:path";
import { peerPython } from "../install/cache.ts";
import { runToEnd } from "../world/command.ts";

export const MODULE = join(import.meta.dirname, "../../../infra/gcp");

/** A block's arguments as HCL's parser gives them: each in a list, expressions as `${…}`. */
export type Block = Readonly<Record<string, unknown>>;

export interface TerraformModule {
  /** `type.name` → its block. */
  readonly resources: ReadonlyMap<string, Block>;
  readonly variables: ReadonlyMap<string, Block>;
  readonly outputs: ReadonlyMap<string, Block>;
  readonly locals: Block;
  /** Everything as text, for what is referred to. */
  readonly text: string;
}

const PARSE = "import hcl2, json, sys; print(json.dumps([hcl2.load(open(path)) for path in sys.argv[1:]]))";

type Parsed = Readonly<Record<string, readonly Readonly<Record<string, Block>>[]>>;

const first = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

/** An argument of a block; a block within it by a dotted path. */
export const argument = (block: Block | undefined, path: string): unknown =>
  path.split(".").reduce<unknown>((at, key) => {
    const here = first(at);
    return typeof here === "object" && here !== null ? first(Reflect.get(here, key)) : undefined;
  }, block);

/** Reads the module with an HCL parser: Terraform itself needs its providers to say more than whether it is formatted. */
export const readTerraform = async (): Promise<TerraformModule> => {
  const files = readdirSync(MODULE)
    .filter((file) => file.endsWith(".tf"))
    .map((file) => join(MODULE, file));
  const { code, stdout, output } = await runToEnd(peerPython("infra-linters"), ["-c", PARSE, ...files], {
    cwd: MODULE,
  });
  if (code !== 0) throw new Error(output);
  const parsed = JSON.parse(stdout) as readonly Parsed[];
  const blocks = (kind: string) => parsed.flatMap((file) => file[kind] ?? []);
  const named = (kind: string): ReadonlyMap<string, Block> =>
    new Map(blocks(kind).flatMap((block) => Object.entries(block)));
  const resources = blocks("resource").flatMap((block) =>
    Object.entries(block).flatMap(([type, byName]) =>
      Object.entries(byName).map(([name, body]) => [`${type}.${name}`, body as Block] as const),
    ),
  );
  return {
    resources: new Map(resources),
    variables: named("variable"),
    outputs: named("output"),
    locals: Object.assign({}, ...blocks("locals")) as Block,
    text: stdout,
  };
};
