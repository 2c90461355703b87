import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>;

/** Ends a repository's script that was not understood: one line, where the help is, and exit code 2. */
export const refuseArguments = (why: string): never => {
  process.stderr.write(`${why}; see --help\n`);
  process.exit(2);
};

/**
 * The arguments of a script of this repository: `npm run NAME -- ARGUMENTS`. With --help the usage is printed and the
 * process ends; so it does, with exit code 2, for an argument that is unknown.
 */
export const readScriptArguments = <const O extends Options>(usage: string, options: O): Parsed<O> => {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [why = ""] = error.message.split(". ");
    return refuseArguments(why);
  }
};
