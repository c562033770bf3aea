import type {
  Alias,
  ComponentResource,
  CustomResource,
  CustomResourceOptions,
  Input,
  Resource,
  URN,
} from "@pulumi/pulumi";

/** How the children of a component are created. */
export interface ChildOptions {
  parent: ComponentResource;
  /** What all of them come after, and go before. @default nothing */
  dependsOn?: readonly CustomResource[];
  /** Components that they belonged to in existing stacks. @default none */
  formerParents?: readonly (Input<URN> | Resource)[];
}

/**
 * The options of one child.
 *
 * @param after what this one comes after besides
 * @param formerName what it was called in existing stacks, if not what it is called now
 */
export function childOptions(
  { parent, dependsOn = [], formerParents = [] }: ChildOptions,
  after: readonly CustomResource[] = [],
  formerName?: string,
): CustomResourceOptions {
  const parents = [{}, ...formerParents.map((former) => ({ parent: former }))];
  const names = formerName === undefined ? [{}] : [{}, { name: formerName }];
  const [, ...aliases] = parents.flatMap((of) => names.map((as): Alias => ({ ...of, ...as })));
  return { parent, dependsOn: [...dependsOn, ...after], aliases };
}
