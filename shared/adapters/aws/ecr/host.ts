/** A registry of ECR, by its host. */
export type EcrHost =
  | { readonly kind: "private"; readonly account: string; readonly region: string }
  | { readonly kind: "public" };

/** Domains of AWS's partitions; tokens are sent to no others. */
const DOMAINS = [
  "amazonaws\\.com(?:\\.cn)?",
  "amazonaws\\.eu",
  "on\\.aws",
  "on\\.amazonwebservices\\.com\\.cn",
  "c2s\\.ic\\.gov",
  "sc2s\\.sgov\\.gov",
  "csp\\.hci\\.ic\\.gov",
  "cloud\\.adc-e\\.uk",
].join("|");
const PRIVATE = new RegExp(
  `^([0-9]{12})\\.dkr[.-]ecr(?:-fips)?\\.([a-z]{2,5}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2})\\.(?:${DOMAINS})$`,
);

/** Recognises ECR's hosts as Flux does, dual-stack and FIPS ones too; undefined for every other. */
export const parseEcrHost = (host: string): EcrHost | undefined => {
  if (host === "public.ecr.aws") return { kind: "public" };
  const [, account, region] = PRIVATE.exec(host) ?? [];
  return account === undefined || region === undefined ? undefined : { kind: "private", account, region };
};
