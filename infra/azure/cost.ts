import type { CostSheet } from "../cost.ts";

/** What Functions and what is around them cost. */
export const AZURE_COST: CostSheet = {
  file: new URL("./prices.json", import.meta.url),
  columns: {
    Functions: ["functionGbSecond", "execution"],
    Queues: ["queueOperation"],
    Tables: ["tableTransaction"],
    "Event Grid": ["eventGridOperation"],
    Logs: ["logKilobyte"],
  },
  clusters: [1, 10],
  together: {
    heading: "Work at a time in an instance",
    things: ["functionGbSecond"],
    counts: [1, 8],
  },
};
