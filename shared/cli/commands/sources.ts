import { supportMatrix, toMarkdownMatrix } from "../../push/support-matrix.ts";
import { globalOptions, type Register } from "../io.ts";
import { createPaint } from "../paint.ts";
import { examples } from "../program.ts";
import { formatTable } from "../table.ts";

/** `sluice sources`: what each kind of event source can tell and prove. */
export const registerSources: Register = (program, io) => {
  program
    .command("sources")
    .summary("list the registries whose events are understood")
    .description(
      "Prints each kind of event source with what its events say and how it proves who sent them. Its name is what `sources[].type` in sluice.yaml and `sluice parse --source` take.",
    )
    .option("--markdown", "print the table as the README shows it")
    .addHelpText("after", examples("sluice sources", "sluice sources --json | jq -r '.[].name'"))
    .action(({ markdown }: { markdown?: boolean }, command) => {
      const rows = supportMatrix();
      if (globalOptions(command).json) io.stdout.write(`${JSON.stringify(rows)}\n`);
      else if (markdown === true) io.stdout.write(`${toMarkdownMatrix(rows)}\n`);
      else {
        const headings = ["source", "authenticity", "events say", "payloads", "sender"];
        const cells = rows.map(({ name, authenticity, says, payloads, sender }) => [
          name,
          authenticity,
          says.join(", "),
          payloads,
          sender,
        ]);
        io.stdout.write(formatTable(createPaint(io), headings, cells));
      }
    });
};
