/** Reads the files that a stack's catalogue names, such as one a team. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { CORE_SCHEMA, loadAll, YAMLException } from "js-yaml";
import { globSync } from "tinyglobby";
import { isPlain } from "../mesh/index.js";
import { parseCatalogue } from "./catalogue.js";
import {
  CATALOGUE_KEY,
  CatalogueError,
  type CatalogueIssue,
  keyPath,
  unknownKey,
} from "./error.js";
import { type KeyLine, keyLinesOf } from "./lines.js";
import { ONE_PLACE, type Places } from "./places.js";
import type { Catalogue } from "./types.js";

/** What a catalogue's file may say; the rest is the stack's own. */
const SECTIONS = ["clients", "aliases"] as const;
type Section = (typeof SECTIONS)[number];
const OF_THE_STACK = ["mesh", "guard", "files"];

/** One file of a catalogue. */
interface CatalogueFile {
  /** As a person in the project's folder names it: `catalogue/shop.yaml`. */
  name: string;
  lineOf: KeyLine;
  content: Partial<Record<Section, unknown[]>>;
}

/** Where an alias was written. */
export interface AliasOrigin {
  /** A file of the catalogue, relative to the project; undefined: the stack file. */
  file: string | undefined;
  /** Its index in that file's list. */
  index: number;
}

/** A catalogue, and where its aliases come from. */
export interface ReadCatalogue {
  catalogue: Catalogue;
  /** In the order of the catalogue's aliases. */
  origins: AliasOrigin[];
  /** Where its parts were written, for messages. */
  places: Places;
}

/**
 * Reads a catalogue with the files that it names under `files`: paths or globs, relative to the
 * project. Their clients and aliases come after the stack file's own, in the order of the files.
 *
 * @param value what `istio-egress:catalogue` holds
 * @param where the stack file, for messages: `Pulumi.dev.yaml`
 * @param project the folder of Pulumi.yaml
 * @throws CatalogueError with every mistake; one in a file says its file and line
 */
export function readCatalogueFiles(value: unknown, where: string, project: string): ReadCatalogue {
  if (!isPlain(value) || value.files === undefined) {
    return withOrigins(parseCatalogue(value, where), [], ONE_PLACE);
  }
  const { files: patterns, ...own } = value;
  const found = filesOf(patterns, project);
  const files = found.paths.map((file) => readFile(path.relative(project, file), file));
  const issues = [...found.issues, ...files.flatMap(({ issues }) => issues)];
  if (issues.length > 0) throw new CatalogueError(where, issues);
  const sources = files.map(({ file }) => file!);
  const merged = Object.fromEntries(
    SECTIONS.map((section) => [section, joined(own[section], sources, section)]),
  );
  const places = placesIn(own, sources);
  return withOrigins(parseCatalogue({ ...own, ...merged }, where, places), sources, places);
}

/** The lists one after the other; a value that is no list of the stack file's own stays, to be refused. */
function joined(own: unknown, files: readonly CatalogueFile[], section: Section): unknown {
  const lists = files.flatMap(({ content }) => (content[section] ? [content[section]] : []));
  if (own !== undefined && own !== null && !Array.isArray(own)) return own;
  if (lists.length === 0) return own;
  return [...((own as unknown[] | null | undefined) ?? []), ...lists.flat()];
}

function filesOf(
  patterns: unknown,
  project: string,
): { paths: string[]; issues: CatalogueIssue[] } {
  const key = `${CATALOGUE_KEY}.files`;
  const write = "write a list of paths, such as [catalogue/*.yaml]";
  if (!Array.isArray(patterns) || patterns.length === 0) {
    return { paths: [], issues: [{ key, message: `isn't a list of paths; ${write}` }] };
  }
  const paths = new Set<string>();
  const issues: CatalogueIssue[] = [];
  for (const [i, pattern] of patterns.entries()) {
    const matches = typeof pattern === "string" && pattern !== "" ? matching(pattern, project) : [];
    for (const match of matches) paths.add(match);
    if (matches.length > 0) continue;
    const message =
      `${JSON.stringify(pattern)} names no file; write a path or a glob relative to the folder of ` +
      "Pulumi.yaml, such as catalogue/*.yaml";
    issues.push({ key: `${key}[${i}]`, message });
  }
  return { paths: [...paths], issues };
}

/** Full paths, sorted. A file whose name looks like a glob is that file. */
function matching(pattern: string, project: string): string[] {
  const file = path.resolve(project, pattern);
  if (existsSync(file) && statSync(file).isFile()) return [file];
  return globSync(pattern, { cwd: project, absolute: true, expandDirectories: false })
    .map((match) => path.resolve(match))
    .sort();
}

function readFile(name: string, full: string): { file?: CatalogueFile; issues: CatalogueIssue[] } {
  const text = readFileSync(full, "utf8");
  const mistake = (message: string, where = name, key = "") => ({
    issues: [{ where, key, message }],
  });
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema: CORE_SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { line = 0, column = 0 } = error.mark ?? {};
    return mistake(`not YAML: ${error.reason}`, `${name}:${line + 1}:${column + 1}`);
  }
  if (documents.length > 1) return mistake(`has ${documents.length} documents; write one`);
  const [content] = documents;
  if (!isPlain(content))
    return mistake("has no aliases; write aliases: and a list, or aliases: []");
  const lineOf = keyLinesOf(text);
  const issues = Object.entries(content).flatMap(([key, value]): CatalogueIssue[] => {
    const message = sectionMistake(key, value);
    return message ? [{ where: `${name}:${lineOf([key])}`, key, message }] : [];
  });
  return { file: { name, lineOf, content }, issues };
}

function sectionMistake(key: string, value: unknown): string | undefined {
  if (OF_THE_STACK.includes(key)) {
    return `belongs to the stack; write it in the stack file, under ${CATALOGUE_KEY}`;
  }
  if (!SECTIONS.some((section) => section === key)) return unknownKey(key, SECTIONS);
  return Array.isArray(value) ? undefined : "isn't a list; write one, or [] if there are none";
}

/** Where an entry of the joined lists stands. */
function placesIn(own: Record<string, unknown>, files: readonly CatalogueFile[]): Places {
  const placeOf = (section: Section, index: number) => {
    let left = index - lengthOf(own[section]);
    if (left < 0) return undefined;
    for (const file of files) {
      const count = lengthOf(file.content[section]);
      if (left < count) return { file, index: left };
      left -= count;
    }
    return undefined;
  };
  return {
    entry: (section, index) => {
      const place = placeOf(section, index);
      if (!place) return `${section}[${index}]`;
      return `${place.file.name}:${place.file.lineOf([section, place.index])}`;
    },
    mistake: ([section, index, ...rest]) => {
      const isEntry = SECTIONS.some((one) => one === section) && typeof index === "number";
      const place = isEntry ? placeOf(section as Section, index) : undefined;
      if (!place) return undefined;
      const own = [section!, place.index, ...rest];
      const where = `${place.file.name}:${place.file.lineOf(own)}`;
      return { where, key: keyPath(own).slice(1) };
    },
  };
}

function withOrigins(
  catalogue: Catalogue,
  files: readonly CatalogueFile[],
  places: Places,
): ReadCatalogue {
  const fromFiles = files.flatMap(({ name, content }) =>
    (content.aliases ?? []).map((_, index): AliasOrigin => ({ file: name, index })),
  );
  const own = catalogue.aliases.length - fromFiles.length;
  const ofStack = Array.from({ length: own }, (_, index): AliasOrigin => ({
    file: undefined,
    index,
  }));
  return { catalogue, origins: [...ofStack, ...fromFiles], places };
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
