/** How a workload takes part in the mesh: by a sidecar of its own, by its node's ztunnel, or not at all. */
export type Dataplane = "sidecar" | "ambient" | "none";

/** One class of callers: every sidecar (or gateway) in a namespace that carries these labels. */
export interface Client {
  namespace: string;
  /** Absent: any workload of the namespace, so a rule with a workloadSelector may or may not fit. */
  labels?: Record<string, string>;
  /** A gateway (`router` proxy) rather than a sidecar. @default false */
  gateway?: boolean;
  /** @default what the namespace's labels and its workloads say, else a sidecar */
  dataplane?: Dataplane;
}
