// Print every finding of the AsyncAPI parser, and exit with 1 if there is one.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const { code, path, message } of diagnostics) {
  console.log(`${code} at ${path.join(".")}: ${message}`);
}
process.exit(diagnostics.length ? 1 : 0);
