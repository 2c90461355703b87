import type { CostSheet } from "../cost.ts";

/** What Lambda and what is around it cost. */
export const AWS_COST: CostSheet = {
  file: new URL("./prices.json", import.meta.url),
  columns: {
    Lambda: ["functionGbSecond", "invocation"],
    SQS: ["queueRequest"],
    DynamoDB: ["writeUnit", "readUnit"],
    EventBridge: ["busEvent"],
    Logs: ["logKilobyte"],
  },
  clusters: [1, 10, 50],
};
