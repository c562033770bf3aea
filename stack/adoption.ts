import { type ComponentResourceOptions, Config, type ResourceTransformation } from "@pulumi/pulumi";

/** By which the Kubernetes provider applies an object even where others have written it. */
const FORCE = { "pulumi.com/patchForce": "true" };

/**
 * With `istio-egress:adopt: "true"` the stack's objects may be there already, applied by others: the
 * provider then takes them over, and whatever the stack says of them holds. Without it server-side
 * apply refuses to change a field that someone else has written, too.
 *
 * @returns what does so among the options of the stack's components; nothing by default
 * @throws ConfigTypeError (which Pulumi prints without a stack trace) if that is neither true nor false
 */
export function adoption(): Pick<ComponentResourceOptions, "transformations"> {
  return new Config("istio-egress").getBoolean("adopt") ? { transformations: [forced] } : {};
}

const forced: ResourceTransformation = ({ type, props, opts }) => {
  // What is only labelled by a stack (NamespacePatch) stays its owner's.
  if (!type.startsWith("kubernetes:") || type.includes("Namespace")) return undefined;
  const { metadata, ...rest } = props as { metadata?: { annotations?: object } };
  const annotations = { ...metadata?.annotations, ...FORCE };
  return { props: { ...rest, metadata: { ...metadata, annotations } }, opts };
};
