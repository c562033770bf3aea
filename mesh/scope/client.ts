/** One class of callers: every sidecar (or gateway) in a namespace that carries these labels. */
export interface Client {
  namespace: string;
  /** Absent: any workload of the namespace, so a rule with a workloadSelector may or may not fit. */
  labels?: Record<string, string>;
  /** A gateway (`router` proxy) rather than a sidecar. @default false */
  gateway?: boolean;
}
