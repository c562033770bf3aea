import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import {
  type Catalogue,
  CATALOGUE_KEY,
  CatalogueError,
  parseCatalogue,
} from "../components/catalogue.js";
import { Mistake } from "./mistake.js";

const ROOT = path.join(__dirname, "..");

/** The file that holds a stack's configuration. */
export function stackFile(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/**
 * What a stack declares.
 * @throws {Mistake} if there is no such stack, or its catalogue has mistakes
 */
export function readCatalogue(stack: string): Catalogue {
  const file = stackFile(stack);
  const where = path.join(ROOT, file);
  if (!existsSync(where)) {
    const stacks = readdirSync(ROOT).flatMap(
      (name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? [],
    );
    throw new Mistake(`there is no ${file}; the stacks here are: ${stacks.join(", ")}.`);
  }
  try {
    const { config } = parse(readFileSync(where, "utf8")) as { config?: Record<string, unknown> };
    return parseCatalogue(config?.[CATALOGUE_KEY], file);
  } catch (error) {
    throw error instanceof CatalogueError ? new Mistake(error.message) : error;
  }
}
