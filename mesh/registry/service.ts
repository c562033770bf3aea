import {
  at,
  creationTime,
  isPlain,
  items,
  labelsOf,
  refOf,
  text,
  wholeNumber,
} from "../input/plain.js";
import type { Labels, Plain } from "../input/plain.js";
import { serviceHost } from "../input/hosts.js";
import type { ObjectRef } from "../input/kube-object.js";

/** One port of a service. `protocol` is in lower case; only `udp` and a few others matter. */
export interface ServicePort {
  number: number;
  name: string;
  protocol: string;
  /** The name that `targetPort` gives, which a WorkloadEntry must serve. */
  targetName?: string;
  /** The service that has it, where that isn't the one of the host that a client knows (up to Istio 1.21). */
  owner?: Service;
}

/**
 * How a client finds the endpoints of a service.
 * - `eds`: addresses that istiod sends.
 * - `original-destination`: where the client was going anyway (headless; EDS for gateways).
 * - `dns`, `dns-round-robin`: names that the proxy looks up; no name, no cluster.
 * - `dynamic-dns`: the name of the request; one cluster for a whole wildcard.
 * - `alias`: an ExternalName; no cluster of its own.
 */
export type Resolution =
  "eds" | "original-destination" | "dns" | "dns-round-robin" | "dynamic-dns" | "alias";

/** One host that istiod knows, from a Kubernetes Service or from a ServiceEntry. */
export interface Service {
  ref: ObjectRef;
  /** The object it was read from; absent for one that nothing declares. */
  object?: Plain;
  host: string;
  /** The name istiod sorts by: a Service's own, a ServiceEntry's host. */
  name: string;
  created: number;
  fromKubernetes: boolean;
  ports: readonly ServicePort[];
  resolution: Resolution;
  meshExternal: boolean;
  /** Empty: the mesh's default holds. */
  exportTo: readonly string[];
  /** @default everywhere */
  defaultExportTo?: readonly string[];
  labels: Labels;
  /** What the service selects its workloads by; undefined for none. */
  selector?: Labels;
  /** The target of an ExternalName. */
  externalName?: string;
  /** The older one of the host, whose rules hold where there are none for this one (up to Istio 1.21). */
  passedOver?: Service;
}

/** What of the mesh decides how services are read: is an ExternalName an alias, or (older) a cluster? */
export interface ServiceFacts {
  clusterDomain: string;
  externalNameIsAlias: boolean;
  /** Spaces in the annotation for exportTo don't matter. */
  trimsExportTo: boolean;
  /** Who sees a service that doesn't say so itself. */
  defaultExportTo: readonly string[];
}

/** Reads a Kubernetes Service (pilot/pkg/serviceregistry/kube/conversion.go). */
export function readService(object: Plain, facts: ServiceFacts): Service {
  const ref = refOf(object);
  const spec = at(object, "spec");
  const externalName = at(spec, "type") === "ExternalName" ? text(at(spec, "externalName")) : "";
  const service: Service = {
    ref,
    object,
    host: serviceHost(ref.name, ref.namespace, facts.clusterDomain),
    name: ref.name,
    created: creationTime(object),
    fromKubernetes: true,
    ports: items(at(spec, "ports")).filter(isPlain).map(readPort),
    resolution: "eds",
    meshExternal: externalName !== "",
    exportTo: exportToAnnotation(object, facts),
    defaultExportTo: facts.defaultExportTo,
    labels: labelsOf(at(object, "metadata", "labels")),
  };
  const selector = labelsOf(at(spec, "selector"));
  if (Object.keys(selector).length > 0) service.selector = selector;
  if (externalName !== "") {
    service.resolution = facts.externalNameIsAlias ? "alias" : "dns";
    service.externalName = externalName;
  }
  if (at(spec, "clusterIP") === "None") service.resolution = "original-destination";
  return service;
}

/** `networking.istio.io/exportTo`: a comma separated list; `~` hides the Service from everyone. */
function exportToAnnotation(object: Plain, { trimsExportTo }: ServiceFacts): string[] {
  const value = text(at(object, "metadata", "annotations", "networking.istio.io/exportTo"));
  return value === "" ? [] : value.split(",").map((item) => (trimsExportTo ? item.trim() : item));
}

const APP_PROTOCOLS: Readonly<Record<string, string>> = {
  "kubernetes.io/h2c": "http2",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "https",
};

/**
 * A port's protocol comes from the transport if that is UDP, else from `appProtocol`, else from
 * the name up to its first dash (pkg/config/kube/conversion.go): `udp-dns` is UDP too.
 */
function readPort(raw: Plain): ServicePort {
  const name = text(raw.name);
  const label = typeof raw.appProtocol === "string" ? raw.appProtocol : name;
  const protocol =
    raw.protocol === "UDP" ? "udp" : (APP_PROTOCOLS[label] ?? label.split("-")[0] ?? "");
  const port: ServicePort = {
    number: wholeNumber(raw.port) ?? 0,
    name,
    protocol: protocol.toLowerCase(),
  };
  if (typeof raw.targetPort === "string" && wholeNumber(raw.targetPort) === undefined) {
    port.targetName = raw.targetPort;
  }
  return port;
}
