import type { CostSheet } from "../cost.ts";

/** What Cloud Run functions and what is around them cost. */
export const GOOGLE_COST: CostSheet = {
  file: new URL("./prices.json", import.meta.url),
  columns: {
    Functions: ["vcpuSecond", "gibSecond", "request"],
    "Pub/Sub": ["pubsubKibibyte"],
    Firestore: ["read", "write"],
    Logs: ["logKibibyte"],
  },
  clusters: [1, 10],
  together: {
    heading: "Pieces of work at a time in one instance",
    things: ["vcpuSecond", "gibSecond"],
    counts: [1, 4],
  },
};
