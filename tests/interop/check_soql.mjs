// Reads a JSON list of queries from its input; fails with those that the parser does not accept.
import { readFileSync } from "node:fs";
import { parseQuery } from "@jetstreamapp/soql-parser-js";

const refused = [];
const queries = JSON.parse(readFileSync(0, "utf-8"));
for (const query of queries) {
  try {
    parseQuery(query);
  } catch (error) {
    refused.push(`${query}\n    ${error.message.split("\n")[0]}`);
  }
}
if (refused.length) {
  console.error(refused.join("\n"));
  process.exit(1);
}
console.log(queries.length);
