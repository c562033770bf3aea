import { outcomesOf, ruleFor } from "../clusters/clusters.js";
import { at, labelsOf, refOf, text, type Labels } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import { terminalOf } from "../registry/external-names.js";
import type { Service } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { importedService } from "../scope/imported-service.js";
import { bindingsOf, isReal } from "./addresses.js";
import type { Call, CallOutcome, ClusterTls, UndecidedCall } from "./call.js";
import { namespacesOf, type Capture } from "./capture.js";
import { listenerProtocol } from "./protocol.js";
import { routingRulesOf } from "./routing.js";
import type { Way } from "./way.js";

/**
 * The way of a call through its node's ztunnel. It follows no DestinationRule and no route: it hands calls
 * to a waypoint where a service has one, and else passes them on, as they are where no workload of the mesh
 * is behind the address.
 *
 * @param name what is called: a host, or an address
 */
export function waysThroughAmbient(
  mesh: Mesh,
  call: Call,
  name: string,
  capture: Capture,
): readonly Way[] | UndecidedCall {
  const service = serviceBehind(mesh, call, name);
  const passed: Way = { outcome: { via: "passthrough" }, capture };
  if (!service) return [passed];
  const waypoint = waypointOf(mesh, service);
  if (waypoint === undefined) return [passed];
  if ("undecided" in waypoint) return waypoint;
  const routed = routingRulesOf(mesh).find(
    ({ hosts, gateways }) => hosts.includes(service.host) && gateways.includes("mesh"),
  );
  if (routed) {
    const { kind, namespace, name: own } = routed.ref;
    return {
      undecided: `${kind} ${namespace}/${own} routes it at a waypoint, which isn't followed`,
    };
  }
  return [waypointWay(mesh, call, service, waypoint, capture)];
}

/** The service that ztunnel knows by an address: an ExternalName's is that of what it stands for. */
function serviceBehind(mesh: Mesh, { address, port }: Call, name: string): Service | undefined {
  const isCalled = (service: Service) => service.ports.some(({ number }) => number === port);
  const [found] = mesh.registry.of(name);
  if (found?.externalName !== undefined) {
    const ends = mesh.registry.of(terminalOf(mesh, found) ?? "");
    // Names outside are looked up outside, whatever ServiceEntry has them.
    return ends.find((service) => service.fromKubernetes && isCalled(service));
  }
  if (found) return isCalled(found) ? found : undefined;
  if (!isReal(address)) return undefined;
  return mesh.services.find(
    (service) =>
      isCalled(service) && bindingsOf(mesh, service).some((one) => one.address === address),
  );
}

/** The waypoint that a service's calls go to, by its own label or its namespace's; undefined for none. */
function waypointOf(mesh: Mesh, service: Service): ObjectRef | UndecidedCall | undefined {
  const { namespace } = service.ref;
  const own = labelsOf(at(service.object, "metadata", "labels"));
  const ofNamespace = labelsOf(at(namespacesOf(mesh).get(namespace), "metadata", "labels"));
  const labels: Labels = USE in own ? own : ofNamespace;
  const name = labels[USE];
  if (name === undefined || name === "none") return undefined;
  const ref = { kind: "Gateway", namespace: labels[`${USE}-namespace`] ?? namespace, name };
  const gateway = mesh.objects.find((object) => {
    const { kind, namespace: other, name: known } = refOf(object);
    const isOfApi = text(object.apiVersion).startsWith("gateway.networking.k8s.io/");
    return kind === "Gateway" && isOfApi && other === ref.namespace && known === name;
  });
  if (!gateway) {
    return { undecided: `waypoint ${ref.namespace}/${name} isn't among the objects` };
  }
  const takes = labelsOf(at(gateway, "metadata", "labels"))["istio.io/waypoint-for"] ?? "service";
  return takes === "service" || takes === "all" ? ref : undefined;
}

const USE = "istio.io/use-waypoint";

function waypointWay(
  mesh: Mesh,
  { port }: Call,
  service: Service,
  waypoint: ObjectRef,
  capture: Capture,
): Way {
  const client: Client = { namespace: waypoint.namespace, gateway: true };
  const imported = importedService(mesh, mesh.sidecarScopeOf(client), service.host);
  const own = imported?.ports.find(({ number }) => number === port);
  const name = `${waypoint.namespace}/${waypoint.name}`;
  if (!imported || !own) {
    const cluster = `inbound-vip|${port}|tcp|${service.host}`;
    return {
      outcome: { via: "waypoint", waypoint: name, next: [{ via: "no-cluster", cluster }] },
      capture,
    };
  }
  const protocol = listenerProtocol(imported, own) === "http" ? "http" : "tcp";
  const rule = ruleFor(mesh, client, imported);
  const outcome = outcomesOf(mesh, { service: imported, rule, gateway: true }).find(
    (one) => one.port === port && one.subset === "",
  );
  // A waypoint leaves Istio's mutual TLS out: HBONE takes its place within the mesh.
  const tls: ClusterTls =
    outcome?.tls === "SIMPLE" || outcome?.tls === "MUTUAL" ? outcome.tls : "none";
  const next: CallOutcome = {
    via: "cluster",
    cluster: `inbound-vip|${port}|${protocol}|${service.host}`,
    tls,
    ...(outcome?.sni !== undefined && tls !== "none" ? { sni: outcome.sni } : {}),
  };
  const way: Way = { outcome: { via: "waypoint", waypoint: name, next: [next] }, capture };
  if (outcome) way.cluster = { service: imported, outcome, tls };
  return way;
}
