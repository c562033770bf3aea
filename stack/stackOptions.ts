import { Config, type ComponentResourceOptions } from "@pulumi/pulumi";
import { stackProvider } from "./stackProvider.js";

/** How the running stack has its resources treated. */
export interface StackOptions {
  /** For everything in it. */
  common: ComponentResourceOptions;
  /** For its namespaces. */
  kept: ComponentResourceOptions;
}

/**
 * The running stack's cluster, and whether it is protected: with `istio-egress:protect: "true"` the
 * engine refuses a destroy, and every change that would delete or replace something, before it
 * touches anything.
 *
 * @throws ConfigTypeError (which Pulumi prints without a stack trace) if that is neither true nor false
 */
export function stackOptions(): StackOptions {
  const protect = new Config("istio-egress").getBoolean("protect") ?? false;
  const common = { provider: stackProvider(), protect };
  // A namespace takes along whatever is in it, so even when protection is lifted it stays.
  return { common, kept: { ...common, retainOnDelete: protect } };
}
