/** What Envoy's counters say of a call, in the words of the evaluator. */
import type { CallOutcome, ClusterTls } from "../../../mesh/index.js";
import type { AnsweredOutcome, Resource, Resources } from "../question.js";
import { APPLICATION_PROTOCOLS, type Arrival } from "./arrival.js";
import type { Observation } from "./caller.js";

/** The way that a call took. */
export type Taken = {
  via: Exclude<CallOutcome["via"], "direct" | "waypoint"> | "unknown";
  cluster?: string;
};

const CARRIED = /^cluster\.(.+)\.(upstream_cx_total|upstream_rq_total|upstream_cx_none_healthy)$/;

/** Where a call went, by Envoy's own counters. */
export function takenBy({ counters, status }: Observation): Taken {
  const names = Object.keys(counters);
  const moved = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const clusters = new Set(names.flatMap((name) => CARRIED.exec(name)?.[1] ?? []));
  const [cluster, ...others] = clusters;
  if (cluster !== undefined && others.length === 0) return towards(cluster);
  if (cluster !== undefined) return { via: "unknown", cluster: [...clusters].join(" and ") };
  if (moved(/^listener\..+\.no_filter_chain_match$/)) return { via: "blackhole" };
  if (moved(/^http\..+\.no_cluster$|^tcp\..+\.downstream_cx_no_route$/))
    return { via: "no-cluster" };
  if (moved(/^http\..+\.no_route$/)) return { via: "no-route" };
  if (moved(/^http\..+\.rq_direct_response$/)) {
    // REGISTRY_ONLY in routes; no route of the meshes answers so.
    return { via: status === 502 ? "blackhole" : "response" };
  }
  if (moved(/^http\..+\.(rq_redirect|downstream_cx_protocol_error)$/)) return { via: "response" };
  return { via: "unknown" };
}

function towards(cluster: string): Taken {
  if (cluster === "PassthroughCluster") return { via: "passthrough" };
  if (cluster === "BlackHoleCluster") return { via: "blackhole" };
  return { via: "cluster", cluster };
}

/** The TLS that the proxy itself put around a connection that arrived; MUTUAL can't be told from SIMPLE. */
export function tlsOf({ hello }: Arrival): Exclude<ClusterTls, "MUTUAL"> {
  const ofApplication = APPLICATION_PROTOCOLS.at(-1)!;
  if (!hello || hello.protocols.includes(ofApplication)) return "none";
  return hello.protocols.includes("istio") ? "ISTIO_MUTUAL" : "SIMPLE";
}

/** Whether an observation is among the outcomes that the evaluator expects. */
export function isExpected(
  observation: Observation,
  outcomes: readonly AnsweredOutcome[],
  resources: Resources,
): boolean {
  const taken = takenBy(observation);
  return outcomes.some((outcome) => {
    if (outcome.via !== taken.via) return false;
    if (outcome.via !== "cluster") return true;
    return outcome.cluster === taken.cluster && tlsFits(outcome, observation.arrivals, resources);
  });
}

function tlsFits(
  { cluster, tls, sni }: CallOutcome & { via: "cluster" },
  arrivals: readonly Arrival[],
  { clusters, endpoints }: Resources,
): boolean {
  const known = clusters.find(({ name }) => name === cluster);
  const assignment = endpoints.find(({ cluster_name: name }) => name === cluster);
  // Where endpoints differ, an outcome speaks of all and a connection of one.
  if (known && assignment && "transport_socket_matches" in known && differ(assignment)) return true;
  return arrivals.every((arrival) => {
    const isRight = tlsOf(arrival) === (tls === "MUTUAL" ? "SIMPLE" : tls);
    return isRight && (sni === undefined || arrival.hello?.serverName === sni);
  });
}

function differ(assignment: Resource): boolean {
  const found = JSON.stringify(assignment).match(/"envoy.transport_socket_match":\{[^}]*\}/g) ?? [];
  const all = JSON.stringify(assignment).match(/"lb_endpoints?"|"endpoint":\{/g) ?? [];
  const endpoints = all.filter((one) => one.startsWith('"endpoint"')).length;
  return new Set(found).size > 1 || (found.length > 0 && found.length < endpoints);
}
