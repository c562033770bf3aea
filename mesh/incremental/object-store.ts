import {
  HostTable,
  isAddress,
  isWildcard,
  lookedUpName,
  resolveHost,
  serviceHost,
} from "../input/hosts.js";
import { kindSpec } from "../input/kinds.js";
import { at, isPlain, items, refOf, text, texts, type Plain } from "../input/plain.js";

/** An object with the place that it has among all: the order of objects is kept in every part of them. */
export interface Stored {
  object: Plain;
  order: number;
  /** Hosts that it is about: that it registers, has a rule for, or has endpoints of. */
  hosts: readonly string[];
  /** Hosts that it leads to. */
  leadsTo: readonly string[];
  /** Other places to find it by; see {@link placesOf}. */
  places: readonly string[];
}

/** Of the Gateway API: what istiod deploys is inside, whatever its Service says, and routes lead elsewhere. */
const OF_GATEWAY_API: readonly string[] = [
  ...["Gateway", "GatewayClass", "ReferenceGrant"],
  ...["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"],
];

/** What no other object has, whatever version of the API it is read by. */
export function keyOf(object: Plain): string {
  const { kind, namespace, name } = refOf(object);
  const [group] = text(object.apiVersion).split("/");
  return `${group}/${kind}/${namespace}/${name}`;
}

/** Whether an object says something about more than some hosts. */
export function isGlobal(object: Plain): boolean {
  const kind = text(object.kind);
  return OF_GATEWAY_API.includes(kind) || kindSpec(kind)?.concernsAllHosts === true;
}

/**
 * The objects of a mesh that changes, found by what they are about: each by its own hosts, by the hosts
 * that lead there, by the addresses and the namespace of what serves.
 */
export class ObjectStore {
  private readonly byKey = new Map<string, Stored>();
  private readonly byHost = new Map<string, Set<Stored>>();
  private readonly leading = new Map<string, Set<Stored>>();
  private readonly byPlace = new Map<string, Set<Stored>>();
  /** Rules by the wildcard that they are for. */
  private readonly wildcardRules = new HostTable<Set<Stored>>();
  private readonly globals = new Set<Stored>();
  private next = 0;

  constructor(private readonly clusterDomain: string) {}

  get size(): number {
    return this.byKey.size;
  }

  /** Every object, in the order in which it came first. */
  *objects(): IterableIterator<Plain> {
    for (const { object } of this.byKey.values()) yield object;
  }

  get(key: string): Stored | undefined {
    return this.byKey.get(key);
  }

  /** Takes an object in, in the place of the one of its name. */
  set(object: Plain): Stored {
    const key = keyOf(object);
    const before = this.byKey.get(key);
    if (before) this.unlink(before);
    const stored: Stored = {
      object,
      order: before?.order ?? this.next++,
      hosts: hostsOf(object, this.clusterDomain),
      leadsTo: leadsTo(object),
      places: placesOf(object),
    };
    this.byKey.set(key, stored);
    this.link(stored);
    return stored;
  }

  delete(key: string): void {
    const before = this.byKey.get(key);
    if (!before) return;
    this.unlink(before);
    this.byKey.delete(key);
  }

  /** Hosts that something registers, or leads to. */
  *knownHosts(): IterableIterator<string> {
    yield* this.byHost.keys();
    yield* this.leading.keys();
  }

  /** What is exactly about a host. */
  about(host: string): Iterable<Stored> {
    return this.byHost.get(host) ?? [];
  }

  /** Rules for wildcards that cover a host. */
  wildcardRulesFor(host: string): Stored[] {
    return this.wildcardRules.allMatching(host).flatMap((rules) => [...rules]);
  }

  /** What leads to a host. */
  leadingTo(host: string): Iterable<Stored> {
    return this.leading.get(host) ?? [];
  }

  /** What is at a place; see {@link placesOf}. */
  at(place: string): Iterable<Stored> {
    return this.byPlace.get(place) ?? [];
  }

  /** Everything that says something about more than some hosts. */
  get everywhere(): Iterable<Stored> {
    return this.globals;
  }

  private link(stored: Stored): void {
    for (const host of stored.hosts) add(this.byHost, host, stored);
    for (const host of stored.leadsTo) add(this.leading, host, stored);
    for (const place of stored.places) add(this.byPlace, place, stored);
    if (isGlobal(stored.object)) this.globals.add(stored);
    for (const host of this.wildcardsOf(stored)) {
      const rules = this.wildcardRules.get(host);
      if (rules) rules.add(stored);
      else this.wildcardRules.set(host, new Set([stored]));
    }
  }

  private unlink(stored: Stored): void {
    for (const host of stored.hosts) remove(this.byHost, host, stored);
    for (const host of stored.leadsTo) remove(this.leading, host, stored);
    for (const place of stored.places) remove(this.byPlace, place, stored);
    this.globals.delete(stored);
    for (const host of this.wildcardsOf(stored)) this.wildcardRules.get(host)?.delete(stored);
  }

  private wildcardsOf({ object, hosts }: Stored): readonly string[] {
    return object.kind === "DestinationRule" ? hosts.filter(isWildcard) : [];
  }
}

const SERVICE_NAME = "kubernetes.io/service-name";

function hostsOf(object: Plain, clusterDomain: string): string[] {
  const { kind, namespace, name } = refOf(object);
  switch (kind) {
    case "Service":
    case "Endpoints":
      return [serviceHost(name, namespace, clusterDomain)];
    case "EndpointSlice": {
      const service = text(at(object, "metadata", "labels", SERVICE_NAME));
      return service === "" ? [] : [serviceHost(service, namespace, clusterDomain)];
    }
    case "ServiceEntry":
      return [...new Set(texts(at(object, "spec", "hosts")))];
    case "DestinationRule":
      return [resolveHost(text(at(object, "spec", "host")), namespace, clusterDomain)];
    default:
      return [];
  }
}

/** Names that are addresses: of an ExternalName, of a ServiceEntry's or WorkloadEntry's endpoints. */
function leadsTo(object: Plain): string[] {
  const spec = at(object, "spec");
  switch (object.kind) {
    case "Service":
      return names([at(spec, "externalName")]);
    case "ServiceEntry":
      return names([
        ...items(at(spec, "endpoints")).map((endpoint) => at(endpoint, "address")),
        ...texts(at(spec, "hosts")).filter((host) => lookedUpName(host) !== host),
      ]);
    case "WorkloadEntry":
      return names([at(spec, "address")]);
    case "EndpointSlice":
    case "Endpoints":
      return names(endpointsIn(object).map(({ address }) => address));
    default:
      return [];
  }
}

function names(values: readonly unknown[]): string[] {
  const written = values.map(text).filter((name) => name !== "" && !isAddress(name));
  return [...new Set([...written, ...written.map(lookedUpName)])];
}

/**
 * Where else an object is found:
 * - `selecting/<namespace>`: ServiceEntries, and Services, that select workloads;
 * - `entries/<namespace>`, `pods/<namespace>`: the workloads that may be selected;
 * - `pod/<namespace>/<name>` and `address/<namespace>/<ip>`: Pods as endpoints know them;
 * - `endpoint-pod/…`, `endpoint-address/…`: endpoints of such.
 */
function placesOf(object: Plain): string[] {
  const { kind, namespace, name } = refOf(object);
  switch (kind) {
    case "Service":
      return isPlain(at(object, "spec", "selector")) ? [`selecting/${namespace}`] : [];
    case "ServiceEntry":
      return isPlain(at(object, "spec", "workloadSelector")) ? [`selecting/${namespace}`] : [];
    case "WorkloadEntry":
      return [`entries/${namespace}`];
    case "Pod": {
      const address = text(at(object, "status", "podIP"));
      return [`pods/${namespace}`, `pod/${namespace}/${name}`, `address/${namespace}/${address}`];
    }
    case "EndpointSlice":
    case "Endpoints":
      return [
        ...new Set(
          endpointsIn(object).map(({ address, pod }) =>
            pod ? `endpoint-pod/${pod}` : `endpoint-address/${namespace}/${address}`,
          ),
        ),
      ];
    default:
      return [];
  }
}

/** An address with the Pod that it is said to be of. */
export interface EndpointAddress {
  address: string;
  /** `namespace/name`. */
  pod: string | undefined;
}

/** The addresses of an EndpointSlice, or of Endpoints. */
export function endpointsIn(object: Plain): EndpointAddress[] {
  const slices = items(object.endpoints).flatMap((endpoint) =>
    texts(at(endpoint, "addresses")).map((address) => ({ address, pod: podOf(endpoint) })),
  );
  const legacy = items(object.subsets).flatMap((subset) =>
    [...items(at(subset, "addresses")), ...items(at(subset, "notReadyAddresses"))].map(
      (endpoint) => ({
        address: text(at(endpoint, "ip")),
        pod: podOf(endpoint),
      }),
    ),
  );
  return [...slices, ...legacy];
}

function podOf(endpoint: unknown): string | undefined {
  const target = at(endpoint, "targetRef");
  if (at(target, "kind") !== "Pod") return undefined;
  return `${text(at(target, "namespace"))}/${text(at(target, "name"))}`;
}

function add(index: Map<string, Set<Stored>>, key: string, stored: Stored): void {
  const known = index.get(key);
  if (known) known.add(stored);
  else index.set(key, new Set([stored]));
}

function remove(index: Map<string, Set<Stored>>, key: string, stored: Stored): void {
  const known = index.get(key);
  known?.delete(stored);
  if (known?.size === 0) index.delete(key);
}
