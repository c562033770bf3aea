import { Config, type ProviderResource } from "@pulumi/pulumi";
import { stackProvider } from "./stackProvider.js";

/** How the running stack has its resources treated. */
export interface StackOptions {
  /** The stack's cluster; undefined if it is the ambient one. */
  provider: ProviderResource | undefined;
  /**
   * With `istio-egress:protect: "true"` the engine refuses a destroy, and every change that would
   * delete or replace something, before it touches anything.
   */
  protect: boolean;
}

/** @throws ConfigTypeError (which Pulumi prints without a stack trace) if protect is neither true nor false */
export function stackOptions(): StackOptions {
  const protect = new Config("istio-egress").getBoolean("protect") ?? false;
  return { provider: stackProvider(), protect };
}
