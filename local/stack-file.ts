import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { LineCounter, parseDocument, visit } from "yaml";
import { Mistake } from "./mistake.js";

/** The file that holds a stack's configuration, in the folder of Pulumi.yaml. */
export function stackFile(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** The stacks that have a configuration file in a folder, sorted; none where there is no folder. */
export function stacksIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/** A stack's configuration: values by `<namespace>:<key>`. */
export type Config = Readonly<Record<string, unknown>>;

/** What a stack's file holds, as far as it is read here. */
export interface StackFile {
  config?: Config;
  /** How its secrets are encrypted. */
  [key: string]: unknown;
}

/**
 * Reads a stack's file; an empty one is a stack without configuration.
 *
 * @param project the folder of Pulumi.yaml
 * @throws {Mistake} if there is no such file, or it isn't a map in YAML: with line and column
 */
export function readStackFile(project: string, stack: string): StackFile {
  const file = path.join(project, stackFile(stack));
  if (!existsSync(file)) {
    const stacks = stacksIn(project).join(", ") || "none";
    throw new Mistake(`there is no ${shown(file)}; the stacks here are: ${stacks}.`);
  }
  const { config, ...rest } = readYamlMap(file);
  if (config === undefined || config === null) return rest;
  if (isMap(config)) return { ...rest, config };
  throw new Mistake(`${shown(file)}: config: expected a map, such as  istio-egress:catalogue: ...`);
}

/**
 * The name of a project.
 *
 * @param project the folder of Pulumi.yaml
 * @throws {Mistake} if there is no Pulumi.yaml, or no name in it
 */
export function projectName(project: string): string {
  requireProject(project);
  const file = path.join(project, "Pulumi.yaml");
  const { name } = readYamlMap(file);
  if (typeof name === "string" && name !== "") return name;
  throw new Mistake(`${shown(file)}: name: missing; write the project's name.`);
}

/** @throws {Mistake} if a folder isn't that of a Pulumi project */
export function requireProject(project: string): void {
  if (existsSync(path.join(project, "Pulumi.yaml"))) return;
  throw new Mistake(`${shown(project)}: no Pulumi.yaml here. Name its folder with --project.`);
}

function readYamlMap(file: string): Record<string, unknown> {
  const lines = new LineCounter();
  const mistakeAt = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return new Mistake(`${shown(file)}:${line}:${col}: ${message}`);
  };
  const text = readFileSync(file, "utf8");
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw mistakeAt(error.pos[0], `not YAML: ${error.message}`);
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document)) return;
      // Most often a host such as *.example.com.
      const offset = alias.range?.[0] ?? 0;
      throw mistakeAt(offset, `not YAML: *${alias.source} stands for nothing; put it in quotes`);
    },
  });
  const content = (document.toJS() ?? {}) as unknown;
  if (isMap(content)) return content;
  throw mistakeAt(document.contents?.range[0] ?? 0, "expected a map, such as  config: ...");
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As a person in this folder would name it. */
function shown(file: string): string {
  return path.relative("", file) || ".";
}
