import type { SourceSettings } from "../../config/config.ts";
import type { SourceType } from "../../config/schema-sources.ts";

/** Hosts whose events a source brings when sluice.yaml names none. The other types serve any host. */
const HOSTS: Partial<Record<SourceType, RegExp>> = {
  ecr: /^(?:\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)|public\.ecr\.aws)$/,
  "acr-eventgrid": /\.azurecr\.(?:io|cn|us)$/,
  "acr-webhook": /\.azurecr\.(?:io|cn|us)$/,
  gar: /(?:-docker\.pkg\.dev|^(?:[a-z]+\.)?gcr\.io)$/,
  ghcr: /^ghcr\.io$/,
  dockerhub: /^index\.docker\.io$/,
};

/** Whether events about this registry host can come from the source. */
export const covers = ({ type, registry }: SourceSettings, host: string): boolean =>
  registry === undefined ? (HOSTS[type]?.test(host) ?? true) : registry === host;
