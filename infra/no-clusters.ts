import { PipelineError } from "../shared/errors.ts";

/** In a function's bundle, in place of Kubernetes' client: a function has no kubeconfig, and the client weighs more than all the rest. */
export const createKubernetesApi = (): never => {
  throw new PipelineError(
    "a function reads no running cluster; name a folder, an artifact or a compiled catalog in sluice.yaml",
    { code: "CONFIG_INVALID" },
  );
};
