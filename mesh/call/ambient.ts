import { isBefore } from "../input/istio-version.js";
import { at, fits, items, labelsOf, refOf, text, wholeNumber, type Plain } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import { terminalOf } from "../registry/external-names.js";
import type { Service } from "../registry/service.js";
import { bindingsOf, isKnownToZtunnel } from "./addresses.js";
import { isAddress } from "../input/hosts.js";
import type { Call, UndecidedCall } from "./call.js";
import { namespacesOf, TEMPLATES, type Capture } from "./capture.js";
import type { Way } from "./way.js";
import { waysAtWaypoint } from "./waypoint.js";

/**
 * The ways of a call through its node's ztunnel. It follows no DestinationRule and no route: it hands calls
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
  const waypoint = service && waypointOf(mesh, service);
  if (!service || waypoint === undefined) return [{ outcome: { via: "passthrough" }, capture }];
  if ("undecided" in waypoint) return waypoint;
  const ways = waysAtWaypoint(mesh, call, service, {
    ref: waypoint,
    isResponsibleFor: (other) => {
      // An ExternalName is a name of something else.
      if (other.externalName !== undefined) return false;
      const own = waypointOf(mesh, other);
      return own !== undefined && !("undecided" in own) && isSame(own, waypoint);
    },
    hasWorkloads: () => takesWorkloads(mesh, waypoint),
  });
  if ("undecided" in ways) return ways;
  const handedTo = `${waypoint.namespace}/${waypoint.name}`;
  return ways.map((way) => ({
    ...way,
    outcome: { via: "waypoint", waypoint: handedTo, next: [way.outcome] },
    capture,
  }));
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

/** The service that ztunnel knows by an address: an ExternalName's is that of what it stands for. */
function serviceBehind(mesh: Mesh, { address, port }: Call, name: string): Service | undefined {
  const isCalled = (service: Service) =>
    isKnownToZtunnel(mesh, service) && service.ports.some(({ number }) => number === port);
  const [found] = mesh.registry.of(name);
  if (found?.externalName !== undefined) {
    const ends = mesh.registry.of(terminalOf(mesh, found) ?? "");
    // Names outside are looked up outside, whatever ServiceEntry has them.
    return ends.find((service) => service.fromKubernetes && isCalled(service));
  }
  if (found) return isCalled(found) ? found : undefined;
  if (!isAddress(address)) return undefined;
  return mesh.services.find(
    (service) =>
      isCalled(service) && bindingsOf(mesh, service).some((one) => one.address === address),
  );
}

const USE = "istio.io/use-waypoint";

/**
 * The waypoint that takes a service's calls, by the service's own label or its namespace's; undefined for none
 * (pilot/pkg/serviceregistry/ambient/waypoints.go).
 */
function waypointOf(mesh: Mesh, service: Service): ObjectRef | UndecidedCall | undefined {
  const { namespace } = service.ref;
  const ref = named(mesh, namespace, labelsOf(at(service.object, "metadata", "labels")));
  if (!ref) return undefined;
  const gateway = gatewayOf(mesh, ref);
  if (!gateway) {
    return { undecided: `waypoint ${ref.namespace}/${ref.name} isn't among the objects` };
  }
  return ["service", "all"].includes(takenBy(gateway)) && admits(mesh, gateway, namespace)
    ? ref
    : undefined;
}

/** The waypoint that the labels of an object, or else of its namespace, name. */
function named(
  mesh: Mesh,
  namespace: string,
  own: Readonly<Record<string, string>>,
): ObjectRef | undefined {
  const ofNamespace = labelsOf(at(namespacesOf(mesh).get(namespace), "metadata", "labels"));
  const labels = USE in own ? own : ofNamespace;
  const name = labels[USE];
  if (name === undefined || name === "none") return undefined;
  return { kind: "Gateway", namespace: labels[`${USE}-namespace`] ?? namespace, name };
}

function gatewayOf(mesh: Mesh, ref: ObjectRef): Plain | undefined {
  return mesh.objects.find((object) => {
    const { kind } = object;
    const isOfApi = text(object.apiVersion).startsWith("gateway.networking.k8s.io/");
    return kind === "Gateway" && isOfApi && isSame(refOf(object), ref);
  });
}

/** What a waypoint is for: `service`, `workload`, `all` or `none`. */
function takenBy(gateway: Plain): string {
  return labelsOf(at(gateway, "metadata", "labels"))["istio.io/waypoint-for"] ?? "service";
}

/** Whether some workload is handed to a waypoint by its address. */
function takesWorkloads(mesh: Mesh, ref: ObjectRef): boolean {
  const gateway = gatewayOf(mesh, ref);
  if (!gateway || !["workload", "all"].includes(takenBy(gateway))) return false;
  return mesh.objects.some((object) => {
    const { kind, namespace } = refOf(object);
    if (kind !== "WorkloadEntry" && !(kind in TEMPLATES)) return false;
    const template = kind in TEMPLATES ? at(object, ...TEMPLATES[kind]!) : object;
    const own = named(mesh, namespace, labelsOf(at(template, "metadata", "labels")));
    return own !== undefined && isSame(own, ref) && admits(mesh, gateway, namespace);
  });
}

/** Whether services of a namespace may use a waypoint: its HBONE listener says so, from Istio 1.23. */
function admits(mesh: Mesh, gateway: Plain, namespace: string): boolean {
  if (isBefore(23, mesh.facts)) return true;
  const listener = items(at(gateway, "spec", "listeners")).find(
    (one) => at(one, "protocol") === "HBONE" && wholeNumber(at(one, "port")) === 15008,
  );
  const allowed = at(listener, "allowedRoutes", "namespaces");
  const from = text(at(allowed, "from")) || "Same";
  if (from === "All") return true;
  if (from !== "Selector") return refOf(gateway).namespace === namespace;
  const labels = labelsOf(at(namespacesOf(mesh).get(namespace), "metadata", "labels"));
  return selects(at(allowed, "selector"), labels);
}

/** Whether a Kubernetes label selector takes labels. */
function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  return (
    fits(labelsOf(at(selector, "matchLabels")), labels) &&
    items(at(selector, "matchExpressions")).every((expression) => {
      const value = labels[text(at(expression, "key"))];
      const values = items(at(expression, "values"));
      switch (at(expression, "operator")) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
        default:
          return false;
      }
    })
  );
}
