/**
 * What a stack's state calls the objects of targets. Up to version 0.1 they bore an alias's name in Pulumi:
 * where that alias is renamed or gets another target, nothing in the catalogue says it any more.
 */
import { getOrganization, getProject, getStack, RunError, runtime } from "@pulumi/pulumi";
import type { CatalogueAlias } from "../catalogue/catalogue.js";

/** A stack's output that says that its targets' objects bear the targets' names. */
export const NAMES_SINCE = { namesSince: "0.2" };

/** URNs in the state by the Kubernetes object that they stand for. */
export type FormerNames = ReadonlyMap<string, readonly string[]>;

/** What the engine tells of a resource of a stack. */
interface StateResource {
  type: string;
  outputs?: { metadata?: { name?: unknown; namespace?: unknown } };
}

const ISTIO = "kubernetes:networking.istio.io/";

/**
 * Reads what the state has of targets, where a version has written it that called them after aliases.
 *
 * @returns undefined where they bear the targets' names
 * @throws RunError (which Pulumi prints without a stack trace) if the state can't be read
 */
export async function formerNames(
  aliases: readonly CatalogueAlias[],
): Promise<FormerNames | undefined> {
  const hasTargets = aliases.some(({ externalName }) => externalName !== undefined);
  if (!runtime.hasEngine() || !hasTargets) return undefined;
  const stack = `${getOrganization()}/${getProject()}/${getStack()}`;
  const outputs = await read("readStackOutputs", { name: stack });
  if (outputs.namesSince !== undefined) return undefined;
  const resources = await read("readStackResourceOutputs", { stackName: stack });
  return namesIn(resources as Record<string, StateResource>);
}

/** Asks the engine itself, which has these functions for references to stacks. */
async function read(name: string, args: object): Promise<Record<string, unknown>> {
  try {
    const token = `pulumi:pulumi:${name}`;
    const { outputs } = (await runtime.invoke(token, args, { async: true })) as {
      outputs: Record<string, unknown>;
    };
    return outputs;
  } catch (error) {
    throw new RunError(
      `the state of this stack can't be read, to find what version 0.1 called its targets' objects: ${(error as Error).message}`,
    );
  }
}

/** @param resources by URN */
export function namesIn(resources: Readonly<Record<string, StateResource>>): FormerNames {
  const names = new Map<string, string[]>();
  for (const [urn, { type, outputs }] of Object.entries(resources)) {
    if (!type.startsWith(ISTIO)) continue;
    const { name, namespace } = outputs?.metadata ?? {};
    const object = objectKey(type, namespace, name);
    names.set(object, [...(names.get(object) ?? []), urn]);
  }
  return names;
}

/** The kind, and what makes an object one of its kind. */
function objectKey(type: string, namespace: unknown, name: unknown): string {
  return `${type.split(":").at(-1)} ${String(namespace)}/${String(name)}`;
}

/**
 * The name in Pulumi that an object of a target has in the state.
 *
 * @param type the type in Pulumi: `kubernetes:networking.istio.io/v1alpha3:ServiceEntry`
 * @returns its URN; undefined where the state hasn't got it
 * @throws RunError where two resources are this one object: whichever goes takes it away
 */
export function formerName(
  names: FormerNames,
  type: string,
  { name, namespace }: { name?: unknown; namespace?: unknown },
): string | undefined {
  const object = objectKey(type, namespace, name);
  const [urn, ...others] = names.get(object) ?? [];
  if (others.length === 0) return urn;
  throw new RunError(
    `${object} is more than one resource of this stack's state: ${[urn, ...others].join(", ")}. ` +
      "An update would delete it with one of them. Take all but one out of the state " +
      "(nothing in the cluster is deleted by it): pulumi state delete '<URN>'",
  );
}
