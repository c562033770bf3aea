import { clusterHost, clusterName } from "../call/cluster-tls.js";
import type { Call } from "../call/call.js";
import { patchedBy } from "../call/envoy-filters.js";
import { gatewayHop } from "../call/gateways.js";
import { hostsOf, type Way } from "../call/way.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { aliasOf, isCertain, type Alias } from "./alias.js";
import { worse, type Hop, type Judged } from "./call-answer.js";
import type { TlsIntent } from "./call-intent.js";

/** The step that a client, or its proxy, makes. */
export function hopOf(client: Client, { outcome, rule, cluster }: Way): Hop {
  const hop: Hop = { client, outcome };
  if (rule) hop.route = rule;
  if (cluster?.outcome.origin) hop.rule = cluster.outcome.origin.ref;
  return hop;
}

/** A call that is judged, and what is meant of it. */
export interface MeantCall {
  mesh: Mesh;
  call: Call;
  alias: Alias | undefined;
  intent: TlsIntent;
}

/** Judges one way of a call: its first step, and the one of the gateway that it leads to. */
export function judgeWay(meant: MeantCall, way: Way): Judged {
  const { mesh, call } = meant;
  const hops = [hopOf(call.client, way)];
  const patch = patchOn(mesh, call, way);
  if (patch) return patched(patch, hops);
  const hop = way.cluster && gatewayHop(mesh, way.cluster, call);
  if (!hop) return judgeLast(meant, way, hops);
  if (hop.mismatch !== undefined) {
    return { answer: "fails", hops, decidedBy: hop.gateway, reason: hop.mismatch };
  }
  const judged = hop.ways.map((next): Judged => {
    const steps = [...hops, { ...hopOf(hop.client, next), gateway: hop.gateway }];
    const own = patchedBy(mesh, hop.client, call, hostsOf(next));
    return own ? patched(own, steps) : judgeLast(meant, next, steps);
  });
  return judged.reduce(worse);
}

/** The EnvoyFilter that may change what the client's proxy, or its waypoint, does with a call. */
function patchOn(mesh: Mesh, call: Call, way: Way): ObjectRef | undefined {
  const { outcome } = way;
  if (outcome.via === "direct" || way.capture?.dataplane === "none") return undefined;
  if (outcome.via !== "waypoint") {
    const isAmbient = way.capture?.dataplane === "ambient";
    return isAmbient ? undefined : patchedBy(mesh, call.client, call, hostsOf(way));
  }
  const [namespace = ""] = outcome.waypoint.split("/");
  return patchedBy(mesh, { namespace, gateway: true }, call, hostsOf(way));
}

function patched(ref: ObjectRef, hops: readonly Hop[]): Judged {
  const reason = "an EnvoyFilter changes the proxy's own configuration, which isn't followed";
  return { answer: "undecided", hops, decidedBy: ref, reason };
}

/** Judges the step that leaves the mesh, or ends the call. */
export function judgeLast(meant: MeantCall, way: Way, hops: readonly Hop[]): Judged {
  const { outcome, rule } = way;
  const by = rule ? { decidedBy: rule } : {};
  switch (outcome.via) {
    case "direct":
      return way.capture?.dataplane === "none"
        ? { answer: "as-sent", hops, reason: "the client has no proxy" }
        : unencrypted(meant, hops, "its proxy is configured to leave this call alone");
    case "passthrough":
      return unencrypted(
        meant,
        hops,
        way.capture?.dataplane === "ambient"
          ? "ztunnel follows no DestinationRule, and no waypoint takes it"
          : "no listener or route knows it, so it passes as it is",
      );
    case "blackhole":
      return { answer: "fails", hops, reason: "REGISTRY_ONLY lets out only what Istio knows" };
    case "no-route":
      return { answer: "fails", hops, ...by, reason: "no route fits it" };
    case "no-cluster":
      return { ...withoutCluster(meant.mesh, outcome.cluster, hops), ...by };
    case "waits": {
      const reason =
        "the server speaks first, and the proxy waits for the client to tell the protocol by";
      return { answer: "fails", hops, reason };
    }
    case "response":
      return { answer: "fails", hops, ...by, reason: "the proxy answers by itself" };
    case "waypoint":
      return judgeWaypoint(meant, way, hops);
    case "cluster":
      return judgeCluster(meant, way, hops);
  }
}

/** A Service of the cluster may be where the objects don't come from, such as a gateway's own. */
function withoutCluster(mesh: Mesh, cluster: string, hops: readonly Hop[]): Judged {
  const host = clusterHost(cluster) ?? "";
  const mayExist = host.endsWith(`.svc.${mesh.facts.clusterDomain}`);
  return mayExist && mesh.registry.of(host).length === 0
    ? { answer: "undecided", hops, reason: `the Service of ${host} isn't among the objects` }
    : { answer: "fails", hops, reason: `${who(hops)} has no cluster ${cluster}` };
}

/** Judges what a waypoint does with a call, as the next step of it. */
function judgeWaypoint(meant: MeantCall, way: Way, hops: readonly Hop[]): Judged {
  const { call, alias } = meant;
  const { outcome, cluster } = way;
  const [next] = outcome.via === "waypoint" ? outcome.next : [];
  if (!next) return { answer: "undecided", hops };
  const atWaypoint: Way = { ...way };
  delete atWaypoint.capture;
  const isOwn = next.via === "cluster" && next.cluster.startsWith("inbound-vip|");
  if (!isOwn || !cluster) {
    return judgeLast(meant, { ...atWaypoint, outcome: next }, hops);
  }
  const origin = cluster.outcome.origin?.ref;
  const by = origin ? { decidedBy: origin } : {};
  if (!way.rule && alias && ![alias.host, alias.terminal].includes(cluster.service.host)) {
    return elsewhere(cluster.service.host, hops);
  }
  if (next.tls === "none") {
    return unencrypted(meant, hops, "the waypoint's cluster adds no TLS");
  }
  const reason = "the waypoint starts TLS of its own";
  return call.sends === "tls"
    ? { answer: "tls-in-tls", hops, ...by, reason }
    : { answer: "as-declared", hops, ...by };
}

function who(hops: readonly Hop[]): string {
  const client = hops.at(-1)?.client;
  if (hops.at(-1)?.outcome.via === "waypoint") return "the waypoint";
  return client?.gateway ? "the gateway" : "the client's sidecar";
}

function judgeCluster(
  meant: MeantCall,
  { outcome, cluster, rule }: Way,
  hops: readonly Hop[],
): Judged {
  const { mesh, call, alias } = meant;
  if (outcome.via !== "cluster" || !cluster) return { answer: "undecided", hops };
  const { service } = cluster;
  const origin = cluster.outcome.origin?.ref;
  const by = origin ? { decidedBy: origin } : {};
  const outside = aliasOf(mesh, service);
  if (outcome.tls === "ISTIO_MUTUAL" && outside) {
    if (isCertain(outside)) return { answer: "istio-mutual-outside", hops, ...by };
    const reason = `whether ${service.host} leads outside isn't known, and it is sent Istio's mutual TLS`;
    return { answer: "undecided", hops, ...by, reason };
  }
  const own = [alias?.host, alias?.terminal];
  if (alias && !rule && hops.length === 1 && !own.includes(service.host)) {
    if (!service.host.startsWith("*")) return elsewhere(service.host, hops);
  }
  const isEncrypted = outcome.tls === "SIMPLE" || outcome.tls === "MUTUAL";
  if (isEncrypted && call.sends === "tls") {
    return {
      answer: "tls-in-tls",
      hops,
      ...by,
      reason: `${clusterName({ ...cluster.outcome, host: service.host })} starts TLS of its own`,
    };
  }
  if (isEncrypted || !outside) return { answer: "as-declared", hops, ...by };
  return unencrypted(meant, hops, `the cluster of ${service.host} adds no TLS`);
}

function elsewhere(host: string, hops: readonly Hop[]): Judged {
  return { answer: "elsewhere", hops, reason: `its listener leads to ${host}` };
}

function unencrypted({ call, intent }: MeantCall, hops: readonly Hop[], why: string): Judged {
  const isMeant = intent.mode === "SIMPLE" || intent.mode === "MUTUAL";
  if (!isMeant || call.sends === "tls") return { answer: "as-declared", hops };
  const by = intent.rule ? { decidedBy: intent.rule } : {};
  return { answer: "in-clear", hops, ...by, reason: why };
}
