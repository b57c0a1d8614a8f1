// Parses an AsyncAPI document with the reference parser and prints what it found, as JSON.
// Usage: node asyncapi.mjs <file>
import { readFileSync } from "node:fs";
import parser from "@asyncapi/parser";

const { document, diagnostics } = await new parser.Parser().parse(readFileSync(process.argv[2], "utf8"));
console.log(
  JSON.stringify({
    version: document?.version(),
    channels: document?.channels().all().map((channel) => channel.address()) ?? [],
    messages: document?.messages().all().map((message) => message.name()) ?? [],
    operations: document?.operations().all().map((operation) => `${operation.action()} ${operation.id()}`) ?? [],
    diagnostics: diagnostics.map(({ severity, message, path }) => ({ severity, message, path: path.join("/") })),
  }),
);
