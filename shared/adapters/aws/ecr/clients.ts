import type { ECRClient } from "@aws-sdk/client-ecr";
import type { ECRPUBLICClient } from "@aws-sdk/client-ecr-public";
import { CLIENT_SETTINGS, withCappedAnswers } from "../client-settings.ts";

/** ECR's clients, each made on first use: few functions talk to more than one region. */
export interface EcrClients {
  ecr(region: string): Promise<ECRClient>;
  /** ECR Public answers in us-east-1 alone. */
  ecrPublic(): Promise<ECRPUBLICClient>;
}

const MAX_REGIONS = 64;

/** Loads the SDK only for who meets such a registry. */
export const createEcrClients = (): EcrClients => {
  const regions = new Map<string, Promise<ECRClient>>();
  let publicClient: Promise<ECRPUBLICClient> | undefined;
  return {
    ecr(region) {
      let client = regions.get(region);
      if (client === undefined) {
        client = import("@aws-sdk/client-ecr").then(({ ECRClient }) =>
          withCappedAnswers(new ECRClient({ ...CLIENT_SETTINGS, region })),
        );
        if (regions.size < MAX_REGIONS) regions.set(region, client);
      }
      return client;
    },
    ecrPublic() {
      publicClient ??= import("@aws-sdk/client-ecr-public").then(({ ECRPUBLICClient }) =>
        withCappedAnswers(new ECRPUBLICClient({ ...CLIENT_SETTINGS, region: "us-east-1" })),
      );
      return publicClient;
    },
  };
};
