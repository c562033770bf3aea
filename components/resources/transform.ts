import type { CustomResourceOptions, OutputInstance } from "@pulumi/pulumi";

/**
 * The escape hatch of a component: changes what one child is created with, where no argument of
 * the component does. Either fields that replace the child's own at the top level (`spec`,
 * `metadata`, ...), or a function that edits `args` and `opts` in place.
 */
export type Transform<Args> =
  Partial<Args> | ((args: Args, opts: CustomResourceOptions, name: string) => void);

/**
 * A spec that may have more fields than those that we write, at any depth: Istio has many.
 * What is typed stays as it is typed.
 */
export type Extensible<T> = T extends
  string | number | boolean | null | undefined | Promise<unknown> | OutputInstance<unknown>
  ? T
  : T extends readonly (infer Item)[]
    ? Extensible<Item>[]
    : { [Key in keyof T]: Extensible<T[Key]> } & { [key: string]: unknown };

/** Creates a child, with its transform applied. */
export function createChild<Args extends object, Child>(
  type: new (name: string, args: Args, opts: CustomResourceOptions) => Child,
  name: string,
  args: Args,
  opts: CustomResourceOptions,
  transform: Transform<Args> | undefined,
): Child {
  if (typeof transform !== "function") return new type(name, { ...args, ...transform }, opts);
  transform(args, opts, name);
  return new type(name, args, opts);
}

/** A component's arguments as they go into its state: the escape hatch is code, not data. */
export function inputsOf<Args extends { transform?: unknown }>(args: Args): Args {
  const inputs = { ...args };
  delete inputs.transform;
  return inputs;
}
