import { type Circuit, CLOSED, onResult, onTry } from "../delivery/circuit.ts";
import type { Outcome } from "../delivery/outcomes.ts";
import type { Clock, Random } from "../ports.ts";
import type { StateStore } from "../state.ts";

const keyOf = (receiver: string): string => `circuit/${receiver}`;

/** A receiver's circuit, shared by all instances. */
export const loadCircuit = async (
  deps: { readonly state: StateStore },
  receiver: string,
): Promise<Circuit> => {
  const stored = await deps.state.loadDocument(keyOf(receiver));
  // We alone write it; the version of the schema guards its shape.
  return stored === undefined ? CLOSED : (stored.value as Circuit);
};

const MAX_CONFLICTS = 5;

/** Changes the circuit. Where many race, one may give up: one failure more or less does not matter. */
export const changeCircuit = async (
  deps: { readonly state: StateStore },
  receiver: string,
  change: (circuit: Circuit) => Circuit,
): Promise<void> => {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const stored = await deps.state.loadDocument(keyOf(receiver));
    const before = stored === undefined ? CLOSED : (stored.value as Circuit);
    const after = change(before);
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    if (await deps.state.saveDocument(keyOf(receiver), stored?.version ?? 0, after)) return;
  }
};

/** Makes one request and lets the receiver's circuit know, before it leaves and when it is answered. */
export const tryThrough = async (
  deps: { readonly state: StateStore; readonly clock: Clock; readonly random: Random },
  receiver: string,
  send: () => Promise<Outcome>,
): Promise<Outcome> => {
  await changeCircuit(deps, receiver, (circuit) => onTry(circuit, deps.clock.nowMs()));
  const outcome = await send();
  const random = deps.random.fraction();
  await changeCircuit(deps, receiver, (circuit) => onResult(circuit, outcome, deps.clock.nowMs(), random));
  return outcome;
};
