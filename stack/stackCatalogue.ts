import { Config, getStack, RunError } from "@pulumi/pulumi";
import {
  CATALOGUE_KEY,
  CatalogueError,
  parseCatalogue,
  type Catalogue,
} from "../catalogue/catalogue.js";

/**
 * The catalogue of the stack that is running, from its `Pulumi.<stack>.yaml`.
 *
 * @throws RunError (which Pulumi prints without a stack trace) with every mistake in it
 */
export function stackCatalogue(): Catalogue {
  const [project, key] = CATALOGUE_KEY.split(":") as [string, string];
  try {
    return parseCatalogue(new Config(project).getObject(key), `Pulumi.${getStack()}.yaml`);
  } catch (error) {
    throw error instanceof CatalogueError ? new RunError(error.message) : error;
  }
}
