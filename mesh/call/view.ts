import type { Mesh } from "../mesh.js";
import { isHidden, isPublic, isVisible } from "../registry/registry.js";
import type { Service, ServicePort } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import { selectServices } from "../scope/imported-service.js";
import {
  importedVirtualServices,
  inOrderFor,
  type Listener,
  type SidecarScope,
} from "../scope/sidecar-scope.js";
import type { Egress } from "../scope/sidecar.js";
import { routingRulesOf } from "./routing.js";
import type { RoutingRule, SourceMatch } from "../scope/routing-rule.js";

/** A service with one of its ports. */
export interface PortOfService {
  service: Service;
  port: ServicePort;
}

/** One egress listener of a Sidecar, or the only one that there is without: what it may lead to, and how. */
export interface EgressListener {
  /** As the Sidecar has it; absent where there is none. */
  egress?: Egress;
  /** What it imports by namespace; absent: everything that is visible. */
  imports?: Listener;
  /** In istiod's order: conflicts are won by the first. */
  services: readonly Service[];
  /** VirtualServices of the mesh, the first that claims a host wins. */
  rules: readonly RoutingRule[];
  byPort: ReadonlyMap<number, readonly PortOfService[]>;
  /** Some route of TCP or TLS is for some callers only. */
  tellsCallersApart: boolean;
}

/** All egress listeners of a client. Clients that nothing distinguishes share one view. */
export interface EgressView {
  listeners: readonly EgressListener[];
}

interface Views {
  byScope: WeakMap<SidecarScope, EgressView>;
  /** The one of all namespaces that see nothing of their own. */
  shared?: EgressView;
  /** Namespaces that see what others don't, or have something of their own that comes first. */
  special: ReadonlySet<string>;
}

const known = new WeakMap<Mesh, Views>();

/** What a client's listeners are made from. */
export function viewOf(mesh: Mesh, client: Client): EgressView {
  let views = known.get(mesh);
  if (!views) {
    views = { byScope: new WeakMap(), special: specialNamespaces(mesh) };
    known.set(mesh, views);
  }
  const scope = mesh.sidecarScopeOf(client);
  const isShared = scope.importsEverything && !views.special.has(scope.namespace);
  let view = isShared ? views.shared : views.byScope.get(scope);
  if (!view) {
    view = { listeners: readListeners(mesh, scope) };
    if (isShared) views.shared = view;
    else views.byScope.set(scope, view);
  }
  return view;
}

function specialNamespaces(mesh: Mesh): Set<string> {
  const special = new Set<string>();
  const add = (namespaces: readonly string[]) => namespaces.forEach((one) => special.add(one));
  for (const service of mesh.registry.inOrder) {
    const { host, ref, exportTo, defaultExportTo = [] } = service;
    if (!isPublic(service)) add([ref.namespace, ...exportTo, ...defaultExportTo]);
    else if (mesh.registry.of(host).length > 1) special.add(ref.namespace);
  }
  for (const { exportTo, isGatewayApi, ref } of routingRulesOf(mesh)) {
    if (!exportTo.includes("*") || isGatewayApi) add([ref.namespace, ...exportTo]);
  }
  return special;
}

function readListeners(mesh: Mesh, scope: SidecarScope): EgressListener[] {
  const { namespace } = scope;
  const rules = routingRulesOf(mesh).filter(({ gateways }) => gateways.includes("mesh"));
  const visible = visibleServices(mesh, namespace);
  if (!scope.listeners) return [listenerOf(visible, inOrderFor(rules, namespace))];
  return scope.listeners.map((imports) =>
    listenerOf(
      servicesOf(mesh, namespace, imports, visible),
      importedVirtualServices(rules, namespace, imports.byNamespace),
      imports,
    ),
  );
}

/** Those that are exported to the namespace by name, then those of everyone. */
function visibleServices({ registry }: Mesh, namespace: string): readonly Service[] {
  const named = registry.inOrder.filter(
    (service) => !isPublic(service) && !isHidden(service) && isVisible(service, namespace),
  );
  return named.length === 0 && registry.inOrder.every(isPublic)
    ? registry.inOrder
    : [...named, ...registry.inOrder.filter(isPublic)];
}

/** What a listener imports, in the order of what is visible; of one host all are of one namespace. */
function servicesOf(
  mesh: Mesh,
  namespace: string,
  imports: Listener,
  visible: readonly Service[],
): readonly Service[] {
  const chosen = new Map<string, readonly Service[]>();
  return visible.flatMap((service) => {
    let ofHost = chosen.get(service.host);
    if (!ofHost) {
      ofHost = selectServices(mesh, namespace, imports, service.host);
      chosen.set(service.host, ofHost);
    }
    return ofHost.find(({ object }) => object === service.object) ?? [];
  });
}

function isForSome({ sourceLabels, sourceNamespace }: SourceMatch): boolean {
  return sourceNamespace !== "" || Object.keys(sourceLabels).length > 0;
}

function listenerOf(
  services: readonly Service[],
  rules: readonly RoutingRule[],
  imports?: Listener,
): EgressListener {
  const byPort = new Map<number, PortOfService[]>();
  for (const service of services) {
    for (const port of service.ports) {
      const same = byPort.get(port.number);
      if (same) same.push({ service, port });
      else byPort.set(port.number, [{ service, port }]);
    }
  }
  const tellsCallersApart = rules.some(({ tls, tcp }) =>
    [...tls, ...tcp].some(({ matches }) => matches.some(isForSome)),
  );
  const listener: EgressListener = { services, rules, byPort, tellsCallersApart };
  if (imports) listener.imports = imports;
  if (imports?.egress) listener.egress = imports.egress;
  return listener;
}
