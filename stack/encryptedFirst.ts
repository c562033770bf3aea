import { all, type Resource } from "@pulumi/pulumi";
import type { CatalogueAlias } from "../catalogue/catalogue.js";

/**
 * Declares the aliases whose sidecars encrypt, and the others when the engine is done with these.
 *
 * A target may be left by an alias of the first kind and taken over by one of the second: the first
 * must have moved away before the target's rule stops encrypting. The others wait for a promise
 * rather than for resources, because each of them depending on each would fill the state.
 */
export function encryptedFirst(
  aliases: readonly CatalogueAlias[],
  declare: (alias: CatalogueAlias, after: Promise<void>) => Resource,
): void {
  const encrypts = ({ tls }: CatalogueAlias) => tls.mode === "SIMPLE" || tls.mode === "MUTUAL";
  const first = aliases.filter(encrypts).map((alias) => declare(alias, Promise.resolve()));
  const urns = all(first.map(({ urn }) => urn));
  const settled = new Promise<void>((resolve) => void urns.apply(() => resolve()));
  for (const alias of aliases) if (!encrypts(alias)) declare(alias, settled);
}
