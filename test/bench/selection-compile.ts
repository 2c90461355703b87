import { createCatalog } from "../../shared/policy/catalog/catalog.ts";
import { toJson } from "../../shared/policy/catalog/catalog-json.ts";
import { compileCatalog } from "../../shared/policy/catalog/compile-catalog.ts";
import { readManifests } from "../../shared/policy/manifest/read-manifests.ts";
import { toManifests, toRendered } from "./selection-inputs.ts";

// A process of its own, so that its memory is that of the compilation alone. Arguments: how many manifests, and
// `rendered` for the mix that a cluster is rendered to.
const [, , count, mix] = process.argv;
const bytes = Buffer.from((mix === "rendered" ? toRendered : toManifests)(Number(count)));
const KILO = 1024;
const beforeMb = process.resourceUsage().maxRSS / KILO;
const start = process.cpuUsage();
const { manifests } = readManifests([{ name: "all.yaml", bytes }]);
const compiled = compileCatalog({ clusters: [{ cluster: "prod", manifests }] });
const catalog = createCatalog(compiled);
const { user, system } = process.cpuUsage(start);
if (compiled.findings.length > 0) throw new Error(JSON.stringify(compiled.findings[0]));
console.log(
  JSON.stringify({
    subscriptions: [...catalog.subscriptions()].length,
    cpuMs: (user + system) / 1000,
    memoryMb: process.resourceUsage().maxRSS / KILO - beforeMb,
    catalogBytes: toJson(compiled, 0).length,
  }),
);
