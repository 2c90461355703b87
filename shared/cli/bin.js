#!/usr/bin/env node
// Plain JavaScript without newer syntax: under an older Node this file still has to parse, to say what to do.
import nodeModule from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `sluice: needs Node 24.15 or newer, this is ${process.versions.node}; in the checkout run \`npm ci\` once and then \`npx sluice\`, which brings Node 24 along\n`,
  );
  process.exitCode = 2;
} else {
  nodeModule.enableCompileCache();
  try {
    // biome-ignore lint/style/noRestrictedImports: the door of the command; behind it, the composition root begins
    const { main } = await import("../../functions/local/cli.ts");
    await main();
  } catch (error) {
    // Node's own exit code for a crash is 1, which would read as a verdict.
    process.stderr.write(
      `sluice: internal error: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 2;
  }
}
