import { type Circuit, CLOSED } from "../delivery/circuit.ts";
import type { DeliverDeps } from "./deps.ts";

const keyOf = (receiver: string): string => `circuit/${receiver}`;

/** A receiver's circuit, shared by all instances. */
export const loadCircuit = async (deps: DeliverDeps, receiver: string): Promise<Circuit> => {
  const stored = await deps.state.loadDocument(keyOf(receiver));
  // We alone write it; the version of the schema guards its shape.
  return stored === undefined ? CLOSED : (stored.value as Circuit);
};

/** Changes the circuit. Racing changes: the last reader wins, one failure more or less does not matter. */
export const changeCircuit = async (
  deps: DeliverDeps,
  receiver: string,
  change: (circuit: Circuit) => Circuit,
): Promise<void> => {
  const stored = await deps.state.loadDocument(keyOf(receiver));
  const before = stored === undefined ? CLOSED : (stored.value as Circuit);
  const after = change(before);
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  await deps.state.saveDocument(keyOf(receiver), stored?.version ?? 0, after);
};
