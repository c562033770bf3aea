import type { Places } from "./places.js";

/** Where the catalogue stands in a stack file. */
export const CATALOGUE_KEY = "istio-egress:catalogue";

const SECTIONS = ["mesh", "clients", "aliases", "guard"];

/** One mistake in a catalogue. */
export interface CatalogueIssue {
  /** Key path in the file: `istio-egress:catalogue.aliases[1].ports[0].port`; empty if it is the file itself. */
  key: string;
  /** What is wrong, and what to write instead. */
  message: string;
  /** The file and line, where the mistake isn't in the stack file: `catalogue/shop.yaml:12`. */
  where?: string;
}

/** All mistakes of one catalogue; its message has a line for each. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";

  constructor(
    /** The file that the catalogue came from, as a person knows it: `Pulumi.dev.yaml`. */
    readonly where: string,
    /** Every mistake, in the order of the schema. */
    readonly issues: readonly CatalogueIssue[],
  ) {
    super(
      issues
        .map((issue) => [issue.where ?? where, issue.key, issue.message].filter(Boolean).join(": "))
        .join("\n"),
    );
  }
}

/** What a schema says of a value that it refuses. */
interface SchemaError {
  issues: readonly { code?: string; path: PropertyKey[]; message: string; keys?: string[] }[];
}

/** The issues that a schema found: one for each mistake, and what belongs to one entry together. */
export function catalogueIssues(error: SchemaError, places: Places): CatalogueIssue[] {
  const found = error.issues.flatMap((issue) => {
    // One issue names all unknown keys of an object, and its message has a line for each.
    const paths =
      issue.code === "unrecognized_keys" && issue.keys
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path];
    const messages = issue.message.split("\n");
    return paths.map((path, i) => ({ path, message: messages[i] ?? issue.message }));
  });
  const section = ({ path }: { path: PropertyKey[] }) => SECTIONS.indexOf(String(path[0]));
  const index = ({ path }: { path: PropertyKey[] }) => Number(path[1]);
  found.sort((a, b) => section(a) - section(b) || index(a) - index(b));
  return found.map(({ path, message }) => ({
    key: CATALOGUE_KEY + keyPath(path),
    message,
    ...places.mistake(path),
  }));
}

/** `.aliases[1].ports[0].port` */
export function keyPath(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
}

/**
 * How a message about a key begins: `Pulumi.dev.yaml: istio-egress:catalogue.aliases[1].namespace`,
 * `catalogue/shop.yaml:12: aliases[0].namespace`.
 *
 * @param file the stack file
 */
export function keyPlace(path: readonly PropertyKey[], file: string, places: Places): string {
  const { where, key } = places.mistake(path) ?? {
    where: file,
    key: CATALOGUE_KEY + keyPath(path),
  };
  return `${where}: ${key}`;
}

/** Says which key was probably meant by an unknown one. */
export function unknownKey(key: string, valid: readonly string[]): string {
  const [nearest, distance] = valid
    .map((candidate): [string, number] => [candidate, editDistance(key, candidate)])
    .reduce((best, next) => (next[1] < best[1] ? next : best));
  const close = distance <= Math.max(2, key.length / 3);
  return `unknown key; write ${close ? nearest : `one of ${valid.join(", ")}`}`;
}

/** How many characters to insert, drop or replace, letter case aside. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replace));
    }
    row = next;
  }
  return row[to.length]!;
}
