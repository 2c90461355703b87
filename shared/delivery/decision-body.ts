import { createHash } from "node:crypto";
import { toRfc3339 } from "../civil-time.ts";
import type { DecisionEvent } from "../state.ts";
import type { MessageBody } from "./body.ts";

/** Something was decided about a version, whatever it was. */
export const DECISION_TYPE = "sluice.decision";

/** As for deliveries: of one record to one receiver, the same at each try, and without a dot. */
const toDecisionBodyId = (receiver: string, recordId: string): string =>
  `dec_${createHash("sha256")
    .update(JSON.stringify([receiver, recordId]))
    .digest("hex")
    .slice(0, 40)}`;

/** The JSON an endpoint gets, fields in this order: `{"version":1,"id","type","time","receiver","decision":{…}}`. */
export const toDecisionBody = (
  receiver: string,
  { id: record, atMs, detail }: DecisionEvent,
): MessageBody => {
  const id = toDecisionBodyId(receiver, record);
  const body = {
    version: 1,
    id,
    type: DECISION_TYPE,
    time: toRfc3339(atMs),
    receiver,
    decision: detail,
  };
  return { id, type: DECISION_TYPE, bytes: new TextEncoder().encode(JSON.stringify(body)) };
};
