import { RunError } from "@pulumi/pulumi";
import type { Catalogue } from "../catalogue/catalogue.js";
import { rendersYaml } from "./stackProvider.js";

type Declared = Pick<Catalogue, "clients" | "aliases">;

/**
 * Ends a run that would write two objects into one YAML file: the Kubernetes provider names a file
 * `<version>-<kind>-<namespace>-<name>.yaml`, so `eu-web` in `shop` has the file of `web` in
 * `shop-eu`, and only one of them would be in it.
 *
 * @throws RunError (which Pulumi prints without a stack trace) with a line for each such file
 */
export function requireFileEach(declared: Declared): void {
  const mistakes = rendersYaml() ? sharedFiles(declared) : [];
  if (mistakes.length > 0) throw new RunError(mistakes.join("\n"));
}

/** A name that objects of the stack have: that of a Service, or of a target. */
interface Named {
  namespace: string;
  name: string;
}

/** What is wrong with each file that two objects have. */
export function sharedFiles({ clients, aliases }: Declared): string[] {
  const services: Named[] = [...clients, ...aliases];
  const targets = aliases.flatMap(({ namespace, externalName }): Named[] =>
    externalName === undefined ? [] : [{ namespace, name: externalName }],
  );
  return [...services, ...targets].flatMap(sharedWithFormer(new Map()));
}

function sharedWithFormer(known: Map<string, Named>): (named: Named) => string[] {
  return (named) => {
    const { namespace, name } = named;
    const file = `${namespace}-${name}.yaml`;
    const former = known.get(file) ?? named;
    known.set(file, former);
    if (former.namespace === namespace) return [];
    return [
      `${name} in namespace ${namespace} and ${former.name} in namespace ${former.namespace} would be ` +
        `one YAML file, ...-${file}; give one of them another name, or render them by stacks of their own`,
    ];
  };
}
