import type { Input } from "@pulumi/pulumi";

/** Where the server that an alias stands for runs. */
export type Location = "outside" | "inside";

/** The server of an external name once it runs in the cluster: a Service that serves the alias's ports. */
export interface InsideService {
  service: Input<string>;
  /** @default the alias's */
  namespace?: Input<string>;
}

/** The servers of addresses once they run in the cluster: Pods in the alias's namespace. */
export interface InsidePods {
  /** Labels of the Pods. */
  selector: Record<string, Input<string>>;
  /** Where they listen, by the alias's port name, if not on the alias's own port. */
  targetPorts?: Record<string, Input<number>>;
}

/**
 * The selector of a Service whose servers are still outside: no Pod has this label. A Service that
 * loses its selector keeps the Pods that it last had, so one that may move always has one.
 */
export const NOWHERE = { "istio-egress/location": "outside" };
