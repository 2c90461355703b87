import { styleText } from "node:util";

/** What standard output can show. */
export interface Screen {
  readonly color: boolean;
  /** The terminal's width; absent where none listens, and lines may be as long as they are. */
  readonly columns?: number | undefined;
}

/** Colours carry no meaning of their own: the words say the same. */
export interface Paint {
  readonly columns: number | undefined;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

type Style = Parameters<typeof styleText>[0];

export const createPaint = ({ color, columns }: Screen): Paint => {
  const paint = (style: Style) => (text: string) =>
    // Whether colours are wanted is decided once, from the injected world.
    color ? styleText(style, text, { validateStream: false }) : text;
  return {
    columns,
    good: paint("green"),
    bad: paint("red"),
    warn: paint("yellow"),
    dim: paint("dim"),
    strong: paint("bold"),
  };
};

export interface ColorWishes {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
  readonly argv: readonly string[];
}

/** `--no-color`, then FORCE_COLOR, then NO_COLOR, then whether a terminal listens: in Node's own order. */
export const wantsColor = ({ env, isTty, argv }: ColorWishes): boolean => {
  if (argv.includes("--no-color")) return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  return isTty && env.TERM !== "dumb";
};
