import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = import.meta.dirname;
const dist = join(root, "dist");

/** `./a/b.ts` in this folder is `./a/b.js` with types beside it in the published one. */
const toPublished = (source: string): { types: string; default: string } => ({
  types: source.replace(/\.ts$/, ".d.ts"),
  default: source.replace(/\.ts$/, ".js"),
});

/**
 * Inside this repository Node runs the sources as they are. It strips no types below node_modules, so what is
 * published is a folder of its own: JavaScript, declarations and a manifest that points at them.
 */
const build = (): void => {
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, "../../node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
  const {
    private: _,
    scripts,
    exports,
    publishConfig,
    ...manifest
  } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.entries<string>(exports).map(([name, source]) => [name, toPublished(source)]);
  const published = {
    ...manifest,
    exports: Object.fromEntries(entries),
    publishConfig: { access: publishConfig.access },
  };
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  copyFileSync(join(root, "README.md"), join(dist, "README.md"));
  copyFileSync(join(root, "../../LICENSE"), join(dist, "LICENSE"));
};

build();
