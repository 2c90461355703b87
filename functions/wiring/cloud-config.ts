import { PipelineError } from "../../shared/errors.ts";

interface Endpoints {
  readonly endpoints?:
    | readonly { readonly name: string; readonly decisions?: readonly string[] | undefined }[]
    | undefined;
}

/**
 * Throws `CONFIG_INVALID` for what one machine does and a cloud does not, which would be left out silently: there the
 * log of records has no order that an endpoint could be told by, and the event bus tells of every decision.
 */
export const checkForCloud = ({ endpoints = [] }: Endpoints): void => {
  for (const { name, decisions = [] } of endpoints) {
    if (decisions.every((outcome) => outcome === "notify")) continue;
    throw new PipelineError(
      `endpoints[${name}].decisions: in a cloud endpoints hear of notify alone; leave it out, and take the others from the event bus`,
      { code: "CONFIG_INVALID" },
    );
  }
};
