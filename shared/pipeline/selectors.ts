import { compileSelector } from "../policy/select.ts";
import type { CompiledSelector } from "../policy/selection.ts";
import type { Selector } from "../ports.ts";

/** Compiles each selector once for as long as its catalog is in use. */
export const createSelectors = (): ((selector: Selector) => CompiledSelector) => {
  const compiled = new WeakMap<Selector, CompiledSelector>();
  return (selector) => {
    let ready = compiled.get(selector);
    if (ready === undefined) {
      ready = compileSelector(selector);
      compiled.set(selector, ready);
    }
    return ready;
  };
};
