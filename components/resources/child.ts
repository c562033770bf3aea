import type {
  Alias,
  ComponentResource,
  CustomResource,
  CustomResourceOptions,
  Input,
  URN,
} from "@pulumi/pulumi";

/** How the children of a component are created. */
export interface ChildOptions {
  parent: ComponentResource;
  /** What all of them come after, and go before. @default nothing */
  dependsOn?: readonly CustomResource[];
  /** URNs of components that they belonged to in existing stacks, the oldest first. @default none */
  formerParents?: readonly Input<URN>[];
}

/** What the URN of a child is made of. */
export interface ChildIdentity {
  /** Type token, such as `kubernetes:core/v1:Service`. */
  type: string;
  name: string;
  /** What the oldest stacks call it, if not by its name. */
  formerName?: string;
}

/**
 * The options of one child.
 *
 * @param after what this one comes after besides
 */
export function childOptions(
  { parent, dependsOn = [], formerParents = [] }: ChildOptions,
  { type, name, formerName }: ChildIdentity,
  after: readonly CustomResource[] = [],
): CustomResourceOptions {
  const aliases = formerParents.map((former) => aliasUnder(former, type, name));
  if (formerName !== undefined) {
    const [oldest] = formerParents;
    aliases.push(
      oldest === undefined ? { name: formerName } : aliasUnder(oldest, type, formerName),
    );
  }
  return { parent, dependsOn: [...dependsOn, ...after], aliases };
}

/** Plain text where it can be: with Outputs the SDK took half of the time for an alias. */
function aliasUnder(parent: Input<URN>, type: string, name: string): Alias | URN {
  if (typeof parent !== "string") return { parent, name };
  return `${parent.split("::").slice(0, 3).join("::")}$${type}::${name}`;
}
