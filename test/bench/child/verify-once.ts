import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";

/*
 * The first verification in a new process, as a function instance would do it: node verify-once.js EVIDENCE.json
 * CACHE. Bundled by the parent; ends with exit code 1 unless verified.
 */
const [, , path = "", cache = ""] = process.argv;
enableCompileCache(cache);

export interface OnceInput {
  readonly trustedRoot: string;
  readonly rule: object;
  readonly subject: string;
  readonly bundle: string;
  readonly nowMs: number;
}

const { verifyOnce } = await import("./verify-once-core.ts");
const verified = await verifyOnce(JSON.parse(readFileSync(path, "utf8")) as OnceInput);
if (!verified) process.exitCode = 1;
