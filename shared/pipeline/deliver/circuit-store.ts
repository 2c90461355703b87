import { type Circuit, CLOSED, onResult, onTry } from "../../delivery/circuit.ts";
import type { Outcome } from "../../delivery/outcomes.ts";
import type { Clock, Random } from "../../ports.ts";
import type { StateStore } from "../../state.ts";
import { tryToChangeDocument } from "../documents.ts";

const keyOf = (receiver: string): string => `circuit/${receiver}`;

/** We alone write it; the version of the schema guards its shape. */
const toCircuit = (stored: unknown): Circuit => (stored === undefined ? CLOSED : (stored as Circuit));

/** A receiver's circuit, shared by all instances. */
export const loadCircuit = async (deps: { readonly state: StateStore }, receiver: string): Promise<Circuit> =>
  toCircuit((await deps.state.loadDocument(keyOf(receiver)))?.value);

/** Changes the circuit. Where many race, one may give up: one failure more or less does not matter. */
export const changeCircuit = async (
  deps: { readonly state: StateStore },
  receiver: string,
  change: (circuit: Circuit) => Circuit,
): Promise<void> => {
  await tryToChangeDocument(deps.state, keyOf(receiver), (stored) => {
    const before = toCircuit(stored);
    const after = change(before);
    return JSON.stringify(after) === JSON.stringify(before) ? undefined : after;
  });
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
