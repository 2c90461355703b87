import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** A file as it would be written by somebody who forgot the rules. */
export interface Planted {
  readonly path: string;
  readonly source: string;
}

const root = join(import.meta.dirname, "../../..");

interface BiomeReport {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly severity: string;
    readonly location?: { readonly path?: string | { readonly file?: string } };
  }[];
}

const pathOf = (diagnostic: BiomeReport["diagnostics"][number]): string => {
  const path = diagnostic.location?.path;
  return typeof path === "string" ? path : (path?.file ?? "");
};

/** Lints planted files in a copy of the tree's lint settings; maps each path to the rules it broke. */
export const lintPlanted = async (files: readonly Planted[]): Promise<ReadonlyMap<string, string[]>> => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-lint-"));
  try {
    await cp(join(root, "biome.json"), join(folder, "biome.json"));
    await cp(join(root, "test/check"), join(folder, "test/check"), { recursive: true });
    for (const { path, source } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), source);
    }
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const paths = files.map(({ path }) => path);
    const args = ["lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none", ...paths];
    const report = await run(biome, args, folder);
    return byPath(report, paths);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Biome exits 1 when it finds something, which is what a planted violation is for. */
const run = async (biome: string, args: readonly string[], cwd: string): Promise<BiomeReport> => {
  const options = { cwd, maxBuffer: 64 << 20 };
  const { stdout } = await promisify(execFile)(process.execPath, [biome, ...args], options).catch(
    (error: { stdout?: string; stderr?: string }) => {
      if (error.stdout?.startsWith("{")) return { stdout: error.stdout };
      throw new Error(`biome gave no report: ${error.stderr ?? ""}`, { cause: error });
    },
  );
  return JSON.parse(stdout) as BiomeReport;
};

const byPath = (report: BiomeReport, paths: readonly string[]): ReadonlyMap<string, string[]> => {
  const broken = new Map<string, string[]>(paths.map((path) => [path, []]));
  for (const diagnostic of report.diagnostics) {
    if (diagnostic.severity !== "error") continue;
    broken.get(pathOf(diagnostic))?.push(diagnostic.category);
  }
  return broken;
};
