import { acrEventGrid } from "./acr-eventgrid.ts";
import { acrWebhook } from "./acr-webhook.ts";
import { cloudevents } from "./cloudevents.ts";
import { distribution, gitlab } from "./distribution.ts";
import { dockerhub } from "./dockerhub.ts";
import { ecr } from "./ecr.ts";
import { gar } from "./gar.ts";
import { ghcr } from "./ghcr.ts";
import { harbor } from "./harbor.ts";
import { jfrog } from "./jfrog.ts";
import { nexus } from "./nexus.ts";
import { quay } from "./quay.ts";
import { sluice } from "./sluice.ts";
import type { PushSource, SourceName } from "./source.ts";
import { zot } from "./zot.ts";

/** Every source by its name on the command line and in sluice.yaml. */
export const SOURCES: Readonly<Record<SourceName, PushSource>> = {
  ecr,
  "acr-eventgrid": acrEventGrid,
  "acr-webhook": acrWebhook,
  gar,
  ghcr,
  dockerhub,
  quay,
  harbor,
  zot,
  distribution,
  gitlab,
  jfrog,
  nexus,
  cloudevents,
  sluice,
};

const isSourceName = (name: string): name is SourceName => Object.hasOwn(SOURCES, name);

/** The source of that name; undefined for a name we do not know. */
export const parseSource = (name: string): PushSource | undefined =>
  isSourceName(name) ? SOURCES[name] : undefined;
