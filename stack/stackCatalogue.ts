import { Config, getStack, log, RunError } from "@pulumi/pulumi";
import {
  type Catalogue,
  CATALOGUE_KEY,
  CatalogueError,
  parseCatalogue,
} from "../catalogue/catalogue.js";
import { keyPlace } from "../catalogue/error.js";
import type * as files from "../catalogue/files.js";
import { ONE_PLACE } from "../catalogue/places.js";
import { sizeMistake } from "../catalogue/size.js";

/** The catalogue of a stack, and where its keys stand, for messages. */
export interface StackCatalogue extends Catalogue {
  /** How a message about a key begins: `catalogue/shop.yaml:12: aliases[0].namespace`. */
  placeOf: (path: readonly PropertyKey[]) => string;
}

/**
 * The catalogue of the stack that is running, from its `Pulumi.<stack>.yaml` and the files that it
 * names. Warns where the stack file is near the size that the engine can't hand over.
 *
 * @throws RunError (which Pulumi prints without a stack trace) with every mistake in it
 */
export function stackCatalogue(): StackCatalogue {
  const [project, key] = CATALOGUE_KEY.split(":") as [string, string];
  const file = `Pulumi.${getStack()}.yaml`;
  const value: unknown = new Config(project).getObject(key);
  const big = sizeMistake(JSON.parse(process.env.PULUMI_CONFIG ?? "{}") as Record<string, string>);
  if (big) void log.warn(`${file}: ${big.message}`);
  try {
    const { catalogue, places } = hasFiles(value)
      ? withFiles(value, file)
      : { catalogue: parseCatalogue(value, file), places: ONE_PLACE };
    return { ...catalogue, placeOf: (path) => keyPlace(path, file, places) };
  } catch (error) {
    throw error instanceof CatalogueError ? new RunError(error.message) : error;
  }
}

function hasFiles(value: unknown): boolean {
  return typeof value === "object" && value !== null && "files" in value;
}

function withFiles(value: unknown, file: string): files.ReadCatalogue {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- other stacks load no YAML parser
  const { readCatalogueFiles } = require("../catalogue/files.js") as typeof files;
  // Pulumi runs the program in the folder of Pulumi.yaml.
  return readCatalogueFiles(value, file, process.cwd());
}
