import { stringify } from "yaml";
import { CATALOGUE_KEY } from "../../catalogue/catalogue.js";
import type { Imported } from "./import-catalogue.js";

/** The configuration key that lets a stack take over what others have applied. */
const ADOPT_KEY = "istio-egress:adopt";

/**
 * The stack file of an import.
 *
 * @param source where the objects are from, for people
 */
export function stackText({ catalogue }: Imported, source: string): string {
  const config = stringify(
    { config: { [ADOPT_KEY]: "true", [CATALOGUE_KEY]: catalogue } },
    { lineWidth: 100 },
  );
  return `# Imported from ${source}.\n${config}`;
}
