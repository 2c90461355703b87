import { readFileSync } from "node:fs";

/** What makes a cloud's meter run: a push, each cluster that it reaches, what comes on top of a push, or a month. */
const OCCASIONS = {
  push: "A push",
  cluster: "Each cluster",
  webhook: "By webhook, besides",
  wait: "Signed later, besides",
  month: "A month",
} as const;
type Occasion = keyof typeof OCCASIONS;

/** Something that a cloud bills, and how much of it Sluice uses. */
interface Thing {
  readonly what: string;
  readonly usd: number;
  /** As many cost that. */
  readonly per: number;
  readonly source: string;
  readonly asOf: string;
  readonly use: Readonly<Partial<Record<Occasion, number>>>;
  /** `counted` or `estimate`, and by what. */
  readonly known: string;
}

type Prices = Readonly<Record<string, Thing>>;

/** How a cloud's bill is shown. */
export interface CostSheet {
  readonly file: URL;
  /** A column of the bill: the things in it. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly clusters: readonly number[];
  /** Where pieces of work share an instance: what they share, and how many there are. */
  readonly together?: {
    readonly heading: string;
    readonly things: readonly string[];
    readonly counts: readonly number[];
  };
}

const MILLION = 1_000_000;

export const readPrices = ({ file }: CostSheet): Prices => JSON.parse(readFileSync(file, "utf8")) as Prices;

const costOf = ({ usd, per }: Thing, amount: number): number => (usd / per) * amount;

const useOf = ({ use }: Thing, occasion: Occasion): number => use[occasion] ?? 0;

const money = (amount: number): string =>
  `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

const toTable = (rows: readonly (readonly string[])[]): string => {
  const [headings = [], ...others] = rows;
  return [headings, headings.map(() => "---"), ...others]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
};

/** What a million pushes cost that reach so many clusters each, by column; `together` pieces of work share an instance. */
export const costOfMillion = (sheet: CostSheet, clusters: number, together = 1): readonly number[] => {
  const prices = readPrices(sheet);
  const costOfThing = (name: string): number => {
    const thing = prices[name];
    if (thing === undefined) throw new Error(`${sheet.file}: no price for ${name}`);
    const amount = useOf(thing, "push") + clusters * useOf(thing, "cluster");
    return costOf(thing, amount * MILLION) / (sheet.together?.things.includes(name) ? together : 1);
  };
  return Object.values(sheet.columns).map((names) => names.reduce((sum, name) => sum + costOfThing(name), 0));
};

/** The bill for a million pushes, as the guides show it. */
export const toCostTable = (sheet: CostSheet): string => {
  const { columns, clusters, together } = sheet;
  const cases = clusters.flatMap((count) =>
    (together?.counts ?? [1]).map((shared) => [count, shared] as const),
  );
  const rows = cases.map(([count, shared]) => {
    const costs = costOfMillion(sheet, count, shared);
    const total = costs.reduce((sum, one) => sum + one, 0);
    const first = together === undefined ? [count] : [count, shared];
    return [...first.map(String), ...costs.map(money), `**${money(total)}**`];
  });
  const first = together === undefined ? ["Clusters"] : ["Clusters", together.heading];
  return toTable([[...first, ...Object.keys(columns), "A million pushes"], ...rows]);
};

const toPrice = ({ usd, per, source }: Thing): string =>
  `[$${usd}](${source})${per === 1 ? "" : ` for ${per.toLocaleString("en-US")}`}`;

/** The day of the oldest price. */
const dayOf = (things: readonly Thing[]): string => things.map(({ asOf }) => asOf).sort()[0] ?? "";

/** What is used of each thing, what that costs, and how it is known. */
export const toUseTable = (sheet: CostSheet): string => {
  const things = Object.values(readPrices(sheet));
  const occasions = (Object.keys(OCCASIONS) as Occasion[]).filter((one) =>
    things.some((thing) => useOf(thing, one) > 0),
  );
  const rows = things.map((thing) => [
    thing.what,
    toPrice(thing),
    ...occasions.map((one) => (useOf(thing, one) === 0 ? "" : useOf(thing, one).toLocaleString("en-US"))),
    thing.known,
  ]);
  const totals = occasions.map((one) => {
    const total = things.reduce((sum, thing) => sum + costOf(thing, useOf(thing, one)), 0);
    return one === "month" ? `**${money(total)}**` : `**${money(total * MILLION)}** a million`;
  });
  const headings = [
    "What",
    `Price of ${dayOf(things)}`,
    ...occasions.map((one) => OCCASIONS[one]),
    "Known by",
  ];
  return toTable([headings, ...rows, ["", "", ...totals, ""]]);
};
