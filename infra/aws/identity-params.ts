import { readBundleConfig } from "../../functions/wiring/bundle-config.ts";
import { audiencesOf } from "../../functions/wiring/receivers/audiences.ts";

/** CloudFormation's limit for one parameter. */
const MAX_LENGTH = 4_096;
/** What its list of texts can hold, without a variable of IAM's. */
const IN_A_LIST = /^[^\s,$]+$/;

/** Not for people to set. */
export const DERIVED_PARAMS: readonly string[] = ["evaluateAudiences", "deliverAudiences"];

const toParam = (name: string, audiences: readonly string[]): string => {
  for (const audience of audiences) {
    if (!IN_A_LIST.test(audience)) {
      throw new Error(`the audience ${JSON.stringify(audience)}: on AWS it may hold no space, comma or $`);
    }
  }
  const value = audiences.join(",");
  if (value.length > MAX_LENGTH) {
    throw new Error(
      `the audiences in sluice.yaml have ${value.length} characters together; AWS lets a role name ${MAX_LENGTH}`,
    );
  }
  return `${name}=${value}`;
};

/** Which tokens evaluate and deliver may ask STS for, as parameters of serverless.yml, by what lies beside a bundle. */
export const readIdentityParams = async (bundleFolder: string): Promise<readonly string[]> => {
  const { evaluate, deliver } = audiencesOf(await readBundleConfig({}, bundleFolder));
  return [toParam("evaluateAudiences", evaluate), toParam("deliverAudiences", deliver)];
};
