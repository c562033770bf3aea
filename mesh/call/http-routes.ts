import { HostTable, isWildcard, overlaps } from "../input/hosts.js";
import { keepsOtherWildcards, lowersVirtualHosts, routesAliases } from "../input/istio-version.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import { terminalOf } from "../registry/external-names.js";
import { aliasesOf } from "./aliases.js";
import { ANY_ADDRESS, bindingsOf, isHeadless } from "./addresses.js";
import type { Caller } from "./filter-chains.js";
import { fitsRequest, sentRoutes, type HttpRequest } from "./http-match.js";
import { fullNames } from "./names.js";
import { listenerProtocol } from "./protocol.js";
import type { Destination, RoutingRule } from "../scope/routing-rule.js";
import type { EgressListener, PortOfService } from "./view.js";

/** What a sidecar's HTTP routes do with a request. */
export type HttpDecision =
  /** No virtual host has the name: it goes where unknown calls go. */
  | { kind: "unknown" }
  /** Its virtual host has no route for it. */
  | { kind: "no-route"; rule?: ObjectRef }
  /** The proxy answers by itself. */
  | { kind: "response"; rule: ObjectRef }
  | {
      kind: "route";
      destinations: readonly Destination[];
      /** Absent: the service's own route. */
      rule?: ObjectRef;
      /** The Host header that is sent on, where a route changes it. */
      authority?: string;
    };

/** The services and VirtualServices of a listener's port, by the names that requests have. */
interface RouteTable {
  services: ReadonlyMap<string, PortOfService>;
  byAddress: ReadonlyMap<string, PortOfService>;
  /** What was found out about wildcards, each of which may be about every service. */
  answers: Map<string, boolean>;
}

interface RuleTable {
  /** Places of VirtualServices in their order, by host. */
  exact: ReadonlyMap<string, readonly number[]>;
  /** The first VirtualService of each host, exact or not. */
  first: HostTable<number>;
}

const routeTables = new WeakMap<EgressListener, Map<number, RouteTable>>();
const ruleTables = new WeakMap<EgressListener, RuleTable>();

/** Where a request goes (pilot/pkg/networking/core/httproute.go `BuildSidecarOutboundVirtualHosts`). */
export function routeHttp(
  mesh: Mesh,
  egress: EgressListener,
  port: number,
  caller: Caller,
  request: HttpRequest,
  onlyHost?: string,
): HttpDecision {
  const lookup = new Lookup(mesh, egress, port, caller);
  const host = (onlyHost ?? request.host).toLowerCase();
  const owner = lookup.exact(host) ?? (onlyHost === undefined ? lookup.wildcard(host) : undefined);
  if (!owner) return onlyHost === undefined ? { kind: "unknown" } : { kind: "no-route" };
  return decide(owner, lookup, request);
}

/** What a virtual host was made from: a VirtualService, or a service that none is about. */
interface Owner {
  /** The place of its VirtualService. */
  rank: number;
  rule?: RoutingRule;
  service?: PortOfService;
}

function decide(
  { rule, service }: Owner,
  { port, caller, table, mesh }: Lookup,
  request: HttpRequest,
): HttpDecision {
  if (!rule) {
    const written = service?.service.host ?? "";
    // A virtual host of a service leads to a cluster in lower case, whether or not that is its name.
    const host = lowersVirtualHosts(mesh.facts) ? written.toLowerCase() : written;
    return { kind: "route", destinations: [{ host, port, subset: "", weight: 1 }] };
  }
  const sent = sentRoutes(rule.http, "mesh", caller, port);
  const found = sent.find(({ match }) => fitsRequest(match, request));
  if (!found) return { kind: "no-route", rule: rule.ref };
  const { route } = found;
  const ref = route.from ?? rule.ref;
  if (route.responds) return { kind: "response", rule: ref };
  const destinations = route.destinations.map((destination) => {
    const target = table.services.get(destination.host.toLowerCase())?.service;
    // An alias leads to what it is an alias of, one step only.
    const host = target?.externalName ?? destination.host;
    return { ...destination, host, port: destination.port ?? port };
  });
  const { authority } = route;
  return {
    kind: "route",
    destinations,
    rule: ref,
    ...(authority === undefined ? {} : { authority }),
  };
}

/** Looks names up among the virtual hosts of one port, as one caller's proxy has them. */
class Lookup {
  readonly table: RouteTable;
  private readonly rules: RuleTable;

  constructor(
    readonly mesh: Mesh,
    private readonly egress: EgressListener,
    readonly port: number,
    readonly caller: Caller,
  ) {
    this.table = routeTable(mesh, egress, port);
    this.rules = ruleTable(egress);
  }

  /** The virtual host that has a name itself, in full or in short, or an address. */
  exact(name: string): Owner | undefined {
    const { services, byAddress } = this.table;
    const full = fullNames(name, this.caller.namespace, this.mesh.facts);
    const isKnown = services.has(name);
    const found = [
      ...this.ownersOf(name),
      ...(isKnown ? [] : full.flatMap((other) => this.ownersOf(other, true))),
      ...this.byService(byAddress.get(name)),
    ];
    return first(found);
  }

  /** The virtual host with the longest wildcard that covers a name. */
  wildcard(name: string): Owner | undefined {
    for (let start = 1; start < name.length; start++) {
      const suffix = name.slice(start);
      const pattern = `*${suffix}`;
      const behind = suffix.startsWith(".") ? suffix.slice(1) : undefined;
      const headless = behind === undefined ? [] : this.headless(behind);
      const owner = first([...this.ownersOf(pattern), ...headless]);
      if (owner) return owner;
    }
    return undefined;
  }

  /** Pods of a headless Service have names below its own. */
  private headless(name: string): Owner[] {
    const names = [name, ...fullNames(name, this.caller.namespace, this.mesh.facts)];
    return names.flatMap((one) => {
      const service = this.table.services.get(one);
      return service && isHeadless(service.service) ? this.byService(service) : [];
    });
  }

  private ownersOf(host: string, isShort = false): Owner[] {
    const { services } = this.table;
    const own = services.get(host);
    const aliases = this.mesh.registry.of(host).filter(({ resolution }) => resolution === "alias");
    const targets = aliases.flatMap((alias) => {
      const target = services.get(terminalOf(this.mesh, alias) ?? "");
      const isAlias = target && aliasesOf(this.mesh, this.egress, target.service).includes(host);
      return isAlias ? [target] : [];
    });
    const named = isShort || own ? [] : this.byNameAlone(host);
    return [...named, ...this.byService(own), ...targets.flatMap((one) => this.byService(one))];
  }

  /** VirtualServices for hosts that no service has: on port 80, or beside a host that one has. */
  private byNameAlone(host: string): Owner[] {
    return (this.rules.exact.get(host) ?? []).flatMap((rank) => {
      const rule = this.egress.rules[rank];
      if (!rule || rule.isGatewayApi || !this.hasRoutes(rule)) return [];
      // A wildcard that covers a service is for the services that it covers, and for nothing else.
      if (isWildcard(host) && this.isForServices(host)) return [];
      const isHeld = this.port === 80 || rule.hosts.some((other) => this.claims(other, rank));
      return isHeld ? [{ rank, rule }] : [];
    });
  }

  /** Whether a wildcard covers one of the port's services, or counts as if it did. */
  private isForServices(pattern: string): boolean {
    const { services } = this.table;
    return keepsOtherWildcards(this.mesh.facts)
      ? this.known(pattern, () => this.coveredBy(pattern).length > 0)
      : this.known("*", () =>
          [...services.values()].some(({ service }) => this.claiming(service).length > 0),
        );
  }

  /** Whether a VirtualService has, by one of its hosts, the virtual host of a service. */
  private claims(host: string, rank: number): boolean {
    const claimed = (service: PortOfService) =>
      isHttp(service) && this.claiming(service.service).includes(rank);
    if (isWildcard(host)) {
      return this.known(`${rank} ${host}`, () => this.coveredBy(host).some(claimed));
    }
    const service = this.table.services.get(host.toLowerCase());
    return service !== undefined && claimed(service);
  }

  private coveredBy(pattern: string): PortOfService[] {
    const { services } = this.table;
    return [...services].flatMap(([host, one]) => (overlaps(host, pattern) ? [one] : []));
  }

  private known(question: string, answerOf: () => boolean): boolean {
    const { answers } = this.table;
    const answer = answers.get(question) ?? answerOf();
    answers.set(question, answer);
    return answer;
  }

  private byService(service: PortOfService | undefined): Owner[] {
    if (!service || !isHttp(service)) return [];
    const claimed = this.claiming(service.service).find((rank) => {
      const rule = this.egress.rules[rank];
      return rule !== undefined && this.holdsTowards(rule, service.service) && this.hasRoutes(rule);
    });
    if (claimed !== undefined)
      return [{ rank: claimed, rule: this.egress.rules[claimed], service }];
    return service.service.resolution === "alias" ? [] : [{ rank: Infinity, service }];
  }

  /** The VirtualServices that are about a host: those that name it, else the closest wildcard's first. */
  private claiming({ host }: Service): readonly number[] {
    const exact = this.rules.exact.get(host.toLowerCase());
    if (exact) return exact;
    const closest = this.rules.first.mostSpecific(host);
    return closest === undefined ? [] : [closest];
  }

  /** A route of the Gateway API is for callers, or servers, of its own namespace, and for no wildcard. */
  private holdsTowards({ isGatewayApi, ref, hosts }: RoutingRule, service: Service): boolean {
    if (!isGatewayApi) return true;
    const isNear =
      service.ref.namespace === ref.namespace || this.caller.namespace === ref.namespace;
    return isNear && !hosts.some(isWildcard);
  }

  private hasRoutes({ http }: RoutingRule): boolean {
    return sentRoutes(http, "mesh", this.caller, this.port).length > 0;
  }
}

/** A name is the first virtual host's that claims it. */
function first(owners: readonly Owner[]): Owner | undefined {
  return owners.reduce<Owner | undefined>(
    (best, owner) => (best === undefined || owner.rank < best.rank ? owner : best),
    undefined,
  );
}

function isHttp({ service, port }: PortOfService): boolean {
  const protocol = listenerProtocol(service, port);
  return protocol === "http" || protocol === "auto";
}

function routeTable(mesh: Mesh, egress: EgressListener, port: number): RouteTable {
  let byPort = routeTables.get(egress);
  if (!byPort) {
    byPort = new Map();
    routeTables.set(egress, byPort);
  }
  let table = byPort.get(port);
  if (!table) {
    const services = new Map<string, PortOfService>();
    const byAddress = new Map<string, PortOfService>();
    for (const one of egress.byPort.get(port) ?? []) {
      if (one.service.resolution === "alias" && !routesAliases(mesh.facts)) continue;
      services.set(one.service.host.toLowerCase(), one);
      for (const { address } of bindingsOf(mesh, one.service)) {
        if (address !== ANY_ADDRESS) byAddress.set(address, one);
      }
    }
    table = { services, byAddress, answers: new Map() };
    byPort.set(port, table);
  }
  return table;
}

function ruleTable(egress: EgressListener): RuleTable {
  let table = ruleTables.get(egress);
  if (!table) {
    const exact = new Map<string, number[]>();
    const firsts = new HostTable<number>();
    egress.rules.forEach(({ hosts }, rank) => {
      for (const host of new Set(hosts.map((one) => one.toLowerCase()))) {
        if (firsts.get(host) === undefined) firsts.set(host, rank);
        const same = exact.get(host);
        if (same) same.push(rank);
        else exact.set(host, [rank]);
      }
    });
    table = { exact, first: firsts };
    ruleTables.set(egress, table);
  }
  return table;
}
