import * as v from "valibot";
import { catalog, clusters } from "./schema-clusters.ts";
import { endpoints, identity } from "./schema-delivery.ts";
import { registries } from "./schema-registries.ts";
import { list, section } from "./schema-section.ts";
import { sources } from "./schema-sources.ts";
import { rules, trustedRoots } from "./schema-trust.ts";
import { cidr, duration, path, size, text, whole } from "./schema-values.ts";

const mode = v.pipe(
  v.picklist(["observe", "enforce"], "must be observe or enforce; start with observe"),
  v.description(
    "observe: decide and record everything, send nothing to any cluster. enforce: also poke the clusters' Receivers.",
  ),
);

const listen = section("Where Sluice takes events.", {
  host: v.optional(
    v.pipe(text("an address", "127.0.0.1", 255), v.description("Address to listen on; default 127.0.0.1.")),
  ),
  port: v.optional(whole("Port to listen on; default 8080. 0 takes a free one.", 0, 65_535)),
});

const state = section("Where decisions and work in progress are kept.", {
  path: v.optional(path("SQLite file; default ./.sluice/sluice.db.", "./.sluice/sluice.db")),
  retention: v.optional(duration("How long decision records are kept; default 90d.", "90d", "1h", "3650d")),
});

const evidence = section("How long signatures may lag behind their artifact.", {
  deadline: v.optional(
    duration("An artifact without accepted evidence waits this long; default 15m.", "15m", "1s", "7d"),
  ),
});

const network = section("Which addresses Sluice may connect to.", {
  allowPrivate: v.optional(
    v.pipe(
      list(cidr, "[10.0.0.0/8]"),
      v.description(
        "Private networks that registries and receivers may be in. Everything else must be public.",
      ),
    ),
  ),
});

const sweep = section("The timer that recovers missed events and late evidence.", {
  interval: v.optional(duration("Time between sweeps; default 15m.", "15m", "10s", "1d")),
  tagsMaxAge: v.optional(
    duration(
      "Where a cluster does not verify, all tags must have been compared within this time before it is poked; default 5m.",
      "5m",
      "1s",
      "1d",
    ),
  ),
  requestBudget: v.optional(
    whole(
      "Requests to one registry between two sweeps, at most, of all instances together; default 2000. A repository takes two or more. A look that was begun ends; what it took too many is missing in the next ones.",
      1,
      1_000_000,
    ),
  ),
});

const limits = section("Bounds on what a peer can make Sluice do.", {
  body: v.optional(size("Largest event body; default 8MiB.", "8MiB", "16MiB")),
  eventsPerMinute: v.optional(whole("Events from one source in a minute; default 6000.", 1, 10_000_000)),
  evaluations: v.optional(whole("Artifacts judged at the same time; default 8.", 1, 1_024)),
  deliveries: v.optional(
    whole(
      "Deliveries under way at the same time, those not counted whose receiver lets them wait; default 64.",
      1,
      4_096,
    ),
  ),
  gather: v.optional(
    duration(
      "A burst of decisions for one receiver is gathered for this long into one request; default 50ms on one machine, 0ms in clouds.",
      "50ms",
      "0ms",
      "10s",
    ),
  ),
  attempts: v.optional(
    whole(
      "Tries of one piece of work before it is set aside; default 300, about a day. The first ten seconds of a push may take a dozen.",
      20,
      100_000,
    ),
  ),
  registryTimeout: v.optional(duration("Wait for one registry answer; default 30s.", "30s", "1s", "5m")),
  receiverTimeout: v.optional(
    duration("Wait for a receiver; default 60s. Hanging up earlier cancels its work.", "60s", "1s", "5m"),
  ),
});

/** `sluice.yaml`. */
export const configSchema = section("Configuration of Sluice.", {
  mode,
  listen: v.optional(listen),
  state: v.optional(state),
  catalog: v.optional(catalog),
  clusters,
  sources: v.optional(sources),
  endpoints: v.optional(endpoints),
  identity: v.optional(identity),
  trustedRoots: v.optional(trustedRoots),
  rules: v.optional(rules),
  evidence: v.optional(evidence),
  registries: v.optional(registries),
  network: v.optional(network),
  sweep: v.optional(sweep),
  limits: v.optional(limits),
});

export type ConfigInput = v.InferOutput<typeof configSchema>;
