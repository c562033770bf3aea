import { aliasOf, isCertain } from "../verdicts/alias.js";
import { namesIn, type AliasCandidate } from "./alias-candidates.js";
import { at, refOf, text, texts, NAMELESS, type Plain } from "../input/plain.js";
import { HostTable, serviceNameOf } from "../input/hosts.js";
import type { Mesh } from "../mesh.js";
import { exportedTo, isPublic } from "../registry/registry.js";
import type { DestinationRule } from "../rules/destination-rule.js";
import type { EndpointLookup } from "../registry/endpoint-lookup.js";
import type { Service } from "../registry/service.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import type { PartialObject, Uncertainty } from "./partial-objects.js";
import type { Client } from "../scope/client.js";
import { seenEntries } from "./possible-services.js";

/**
 * All objects that can change the outcomes of one candidate: few enough to read them again for
 * every value that an unknown one could have. With them comes what the search for possible worlds
 * looks up in the mesh; it gets nothing else of it.
 */
export interface RelevantObjects {
  candidate: AliasCandidate;
  /** Hosts that the candidate's traffic may go to. */
  hosts: readonly string[];
  /** Namespaces whose rules are seen because of where the services are. */
  serviceNamespaces: readonly string[];
  rules: readonly DestinationRule[];
  /** Services, their endpoints, and what else isn't bound to a client's namespace. */
  objects: readonly Plain[];
  /** Its traffic may go to any host, so that rules about any may matter. */
  mayBeAnyHost: boolean;
  /** Namespaces that anything here is in or names: the outcomes of clients of all others are alike. */
  namespaces: ReadonlySet<string>;
  /** Whether what isn't known can make a difference for a client. */
  affects: (client: Client) => boolean;
  uncertainty: Uncertainty;
  facts: MeshFacts;
  /** Objects that hold for clients, or for endpoints, of a whole namespace. */
  byNamespace: Pick<Mesh["byKind"], "Sidecar" | "VirtualService" | "PeerAuthentication">;
  /** The services of a host, as far as they are known. */
  servicesOf: (host: string) => readonly Service[];
  endpointsOf: EndpointLookup;
}

/** Finds the objects that are relevant to a candidate, in a mesh of which not all is known. */
export class RelevanceIndex {
  private readonly rulesByHost = new HostTable<DestinationRule[]>();
  private readonly rulesOfUnknownHost: readonly DestinationRule[];
  private readonly objectsOfUnknownIdentity: readonly PartialObject[];
  private readonly endpoints = new Map<string, Plain[]>();
  private readonly workloads = new Map<string, Plain[]>();
  /** Namespaces where the clients' own Sidecar resources or the accepted TLS aren't known. */
  private readonly uncertainNamespaces: ReadonlySet<string>;
  /** A host of each sort that an ExternalName of unknown target may lead to. */
  private readonly destinations: readonly string[];

  constructor(
    private readonly mesh: Mesh,
    readonly uncertainty: Uncertainty,
  ) {
    const partialObjects = [...uncertainty.partialObjects.values()];
    this.objectsOfUnknownIdentity = partialObjects.filter(
      ({ identityUnknown, kind }) => identityUnknown && kind !== "DestinationRule",
    );
    this.rulesOfUnknownHost = mesh.rules.filter(
      (rule) => uncertainty.partialObjects.get(rule.object)?.identityUnknown,
    );
    this.destinations = destinationsIn(mesh, uncertainty);
    this.uncertainNamespaces = new Set([
      ...uncertainty.unorderedSidecars,
      ...uncertainty.unorderedPolicies,
      ...partialObjects
        .filter(({ kind }) => kind === "Sidecar" || kind === "PeerAuthentication")
        .map(({ namespace }) => namespace ?? NAMELESS),
      // A VirtualService may bring services to the clients of any namespace.
      ...partialObjects.filter(({ kind }) => kind === "VirtualService").map(() => NAMELESS),
    ]);
    for (const rule of mesh.rules) {
      const same = this.rulesByHost.get(rule.host);
      if (same) same.push(rule);
      else this.rulesByHost.set(rule.host, [rule]);
    }
    for (const slice of mesh.byKind.EndpointSlice) {
      const service = text(at(slice, "metadata", "labels", "kubernetes.io/service-name"));
      add(this.endpoints, `${refOf(slice).namespace}/${service}`, slice);
    }
    for (const object of mesh.byKind.Endpoints) {
      const { namespace, name } = refOf(object);
      add(this.endpoints, `${namespace}/${name}`, object);
    }
    for (const object of [...mesh.byKind.Pod, ...mesh.byKind.WorkloadEntry]) {
      add(this.workloads, refOf(object).namespace, object);
    }
  }

  /** The scene of a candidate, or undefined where nothing about it is uncertainty. */
  relevantTo(candidate: AliasCandidate): RelevantObjects | undefined {
    const leadsAnywhere = this.leadsAnywhere(candidate);
    const mayBeAnyHost = this.isIdentityUnknown(candidate) || leadsAnywhere;
    const own = [...this.hostsOf(candidate), ...(leadsAnywhere ? this.destinations : [])];
    const rules = mayBeAnyHost ? this.mesh.rules : this.rulesFor(own);
    const hosts = mayBeAnyHost ? [...own, ...rules.map((rule) => rule.host)] : own;
    const objects = this.objectsFor(candidate, hosts);
    const serviceNamespaces = this.serviceNamespaces(candidate, hosts, rules);
    const affects = this.affected(own, rules, objects, serviceNamespaces);
    return (
      affects && {
        candidate,
        hosts: [...new Set(hosts)],
        serviceNamespaces,
        rules,
        objects,
        mayBeAnyHost: mayBeAnyHost || objects.some((object) => this.mayLeadAnywhere(object)),
        namespaces: this.namespacesIn(hosts, rules, objects, serviceNamespaces),
        affects,
        uncertainty: this.uncertainty,
        facts: this.mesh.facts,
        byNamespace: this.mesh.byKind,
        servicesOf: (host) => this.mesh.registry.of(host),
        endpointsOf: this.mesh.endpointsOf,
      }
    );
  }

  /** Rules about some hosts, and those that may be about any. */
  private rulesFor(hosts: readonly string[]): DestinationRule[] {
    const known = hosts.flatMap((host) => this.rulesByHost.allMatching(host).flat());
    return [...new Set([...known, ...this.rulesOfUnknownHost])];
  }

  /** Whether the candidate's own host isn't known. */
  private isIdentityUnknown({ object }: AliasCandidate): boolean {
    return (object && this.uncertainty.partialObjects.get(object)?.identityUnknown) ?? false;
  }

  private leadsAnywhere({ object }: AliasCandidate): boolean {
    return object !== undefined && this.mayLeadAnywhere(object);
  }

  private mayLeadAnywhere(object: Plain): boolean {
    const paths = this.uncertainty.partialObjects.get(object)?.paths ?? [];
    return (
      object.kind !== "DestinationRule" && paths.some((path) => LEADS.includes(path.join(".")))
    );
  }

  /** The candidate's hosts, and those of the ExternalNames on the way to its target. */
  private hostsOf({ object, alias }: AliasCandidate): string[] {
    const read = (object && this.mesh.servicesByObject.get(object)) ?? [];
    const hosts = new Set(alias ? [alias.host] : read.map((service) => service.host));
    for (const host of hosts) {
      for (const { externalName } of this.mesh.registry.of(host)) {
        if (externalName !== undefined) hosts.add(externalName);
      }
    }
    return [...hosts];
  }

  private serviceNamespaces(
    candidate: AliasCandidate,
    hosts: readonly string[],
    rules: readonly DestinationRule[],
  ): string[] {
    const services = hosts.flatMap((host) => this.mesh.registry.of(host));
    const namespaces = [candidate.ref, ...services.map((service) => service.ref)].map(
      (ref) => ref.namespace,
    );
    const anywhere = namespaces.includes(NAMELESS) ? rules.map(({ ref }) => ref.namespace) : [];
    return [...new Set([...namespaces, ...anywhere])];
  }

  /** The services of some hosts, what stands behind them, and objects that may join them. */
  private objectsFor(candidate: AliasCandidate, hosts: readonly string[]): Plain[] {
    const services = hosts.flatMap((host) => this.mesh.registry.of(host));
    const objects = new Set<Plain>(services.flatMap(({ object }) => (object ? [object] : [])));
    if (candidate.object) objects.add(candidate.object);
    const namespaces = new Set([...objects].map((object) => refOf(object).namespace));
    for (const { kind, object, namespace } of this.objectsOfUnknownIdentity) {
      const isBehind = kind !== "ServiceEntry" && kind !== "Service";
      const isNear = namespace === undefined || namespaces.has(namespace);
      const isHost = kind === "ServiceEntry" || hosts.some((host) => this.isOfCluster(host));
      if (isBehind ? isNear : isHost) objects.add(object);
    }
    const followed = new Set(hosts);
    // The set grows while it is walked: what is found leads to more.
    for (const object of objects) {
      for (const found of this.behind(object)) objects.add(found);
      for (const name of namesIn(object)) {
        if (followed.has(name)) continue;
        followed.add(name);
        for (const next of this.mesh.registry.of(name)) if (next.object) objects.add(next.object);
      }
    }
    return [...objects];
  }

  private isOfCluster(host: string): boolean {
    return host.endsWith(`.svc.${this.mesh.facts.clusterDomain}`);
  }

  /** What a service's endpoints come from; of one of unknown name, all that may be behind it. */
  private behind(object: Plain): Plain[] {
    const { kind, namespace, name } = refOf(object);
    const isNamed = namespace !== NAMELESS;
    const workloads = isNamed
      ? (this.workloads.get(namespace) ?? [])
      : [...this.workloads.values()].flat();
    if (kind !== "Service" && kind !== "ServiceEntry") return [];
    if (!this.uncertainty.partialObjects.get(object)?.identityUnknown) {
      const names = kind === "Service" ? [name] : this.missingServices(object);
      const own = names.flatMap((one) => this.endpoints.get(`${namespace}/${one}`) ?? []);
      return [...workloads, ...own];
    }
    const near = [...this.endpoints].filter(
      ([key]) => !isNamed || key.startsWith(`${namespace}/`) || key.startsWith("/"),
    );
    return [...workloads, ...near.flatMap(([, found]) => found)];
  }

  /** The Services that a ServiceEntry's hosts would belong to: their slices are its endpoints. */
  private missingServices(entry: Plain): string[] {
    const { namespace } = refOf(entry);
    return texts(at(entry, "spec", "hosts")).flatMap(
      (host) => serviceNameOf(host, namespace, this.mesh.facts.clusterDomain) ?? [],
    );
  }

  private namespacesIn(
    hosts: readonly string[],
    rules: readonly DestinationRule[],
    objects: readonly Plain[],
    serviceNamespaces: readonly string[],
  ): Set<string> {
    const { byKind, facts, registry } = this.mesh;
    const clientSide = [...byKind.Sidecar, ...byKind.VirtualService, ...objects];
    return new Set([
      ...serviceNamespaces,
      facts.rootNamespace,
      ...rules.flatMap((rule) => [rule.ref.namespace, ...rule.exportTo]),
      ...clientSide.map((object) => refOf(object).namespace),
      ...hosts.flatMap((host) => registry.of(host).flatMap(exportedTo)),
    ]);
  }

  /** Which clients something unknown can make a difference for, or undefined for none. */
  private affected(
    hosts: readonly string[],
    rules: readonly DestinationRule[],
    objects: readonly Plain[],
    serviceNamespaces: readonly string[],
  ): RelevantObjects["affects"] | undefined {
    const { partialObjects, unorderedRules, unorderedEntries } = this.uncertainty;
    if (objects.some((object) => partialObjects.has(object))) return () => true;
    const unordered = hosts.filter((host) => unorderedEntries.has(host));
    const seesSeveral = ({ namespace }: Client) =>
      unordered.some((host) => seenEntries(this.mesh.registry.of(host), namespace).length > 1);
    if (unordered.some((host) => this.mesh.registry.of(host).some(isPublic))) return () => true;
    const namespaces = new Set([
      ...this.uncertainNamespaces,
      ...rules.filter((rule) => partialObjects.has(rule.object)).map((rule) => rule.ref.namespace),
      ...hosts.flatMap((host) => unorderedRules.allMatching(host).flat()),
    ]);
    if (namespaces.size === 0) return unordered.length > 0 ? seesSeveral : undefined;
    const seenByAll = [...serviceNamespaces, this.mesh.facts.rootNamespace, NAMELESS];
    if (seenByAll.some((namespace) => namespaces.has(namespace))) return () => true;
    return (client) => namespaces.has(client.namespace) || seesSeveral(client);
  }
}

/** A Service of the cluster's own, and one of which it isn't known, if there are such. */
function destinationsIn(mesh: Mesh, uncertainty: Uncertainty): string[] {
  const known = mesh.services.filter(
    ({ object }) => object && !uncertainty.partialObjects.has(object),
  );
  const inside = known.find((service) => aliasOf(mesh, service) === undefined);
  const uncertain = known.find((service) => {
    const alias = aliasOf(mesh, service);
    return alias !== undefined && !isCertain(alias);
  });
  return [inside, uncertain].flatMap((service) => (service ? [service.host] : []));
}

/** Places that say where a Service leads. */
const LEADS: readonly string[] = ["spec", "spec.type", "spec.externalName"];

function add(groups: Map<string, Plain[]>, key: string, object: Plain): void {
  const group = groups.get(key);
  if (group) group.push(object);
  else groups.set(key, [object]);
}
