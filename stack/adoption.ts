import { type ComponentResourceOptions, Config, type ResourceTransformation } from "@pulumi/pulumi";

/** By which the Kubernetes provider applies an object even where others have written it. */
const FORCE = { "pulumi.com/patchForce": "true" };
/** A Service that was there needs no waiting; the provider would save it as it was before. */
const AT_ONCE = { "pulumi.com/skipAwait": "true" };

/**
 * With `istio-egress:adopt: "true"` the objects of aliases may be there already, applied by others: the
 * provider then takes them over, and whatever the stack says of them holds. Without it server-side
 * apply refuses to change a field that someone else has written, too.
 *
 * @returns what does so among the options of an alias; nothing by default
 * @throws ConfigTypeError (which Pulumi prints without a stack trace) if that is neither true nor false
 */
export function adoption(): Pick<ComponentResourceOptions, "transformations"> {
  return new Config("istio-egress").getBoolean("adopt") ? { transformations: [forced] } : {};
}

const forced: ResourceTransformation = ({ type, props, opts }) => {
  if (!type.startsWith("kubernetes:")) return undefined;
  const { metadata, ...rest } = props as { metadata?: { annotations?: object } };
  const isService = type === "kubernetes:core/v1:Service";
  const annotations = { ...metadata?.annotations, ...FORCE, ...(isService && AT_ONCE) };
  return { props: { ...rest, metadata: { ...metadata, annotations } }, opts };
};
