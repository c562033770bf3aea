/** `npm run docs:catalogue`: writes the table of docs/catalogue.md. A test fails while the two differ. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { catalogueKeys, type CatalogueKey } from "./reference.js";

const PAGE = path.join(__dirname, "../docs/catalogue.md");
const BEGIN = "<!-- Made by npm run docs:catalogue from the catalogue's schema. -->\n\n";
const END = "\n<!-- The end of the table. -->\n";

/** The page with an up-to-date table. */
export function cataloguePage(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end === -1) throw new Error("docs/catalogue.md has no place for the table");
  return page.slice(0, begin) + BEGIN + catalogueTable() + page.slice(end);
}

/** A row for each key, in the order of the schema, with columns as wide as Prettier makes them. */
function catalogueTable(): string {
  const rows = [["key", "type", "default", "meaning"], ...catalogueKeys().map(cells)];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |\n`;
  const [head, ...body] = rows.map(line);
  return [head, line(widths.map((width) => "-".repeat(width))), ...body].join("");
}

function cells({ path, type, isRequired, default: standard, meaning }: CatalogueKey): string[] {
  const column = standard === undefined ? (isRequired ? "required" : "") : `\`${standard}\``;
  return [`\`${path}\``, type, column, meaning];
}

if (require.main === module) writeFileSync(PAGE, cataloguePage(readFileSync(PAGE, "utf8")));
