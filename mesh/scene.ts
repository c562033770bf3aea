import { aliasOf, isCertain } from "./aliases.js";
import type { Concern } from "./concerns.js";
import { at, refOf, text, texts, NAMELESS, type Plain } from "./fields.js";
import { HostTable, serviceNameOf } from "./hosts.js";
import type { Mesh } from "./mesh.js";
import { exportedTo } from "./registry.js";
import type { Rule } from "./rules.js";
import type { Blurred, Unclear } from "./unclear.js";
import type { Client } from "./verdict.js";

/**
 * Everything that may have a say about one concern: few enough objects to read them again for
 * every value that an unknown one could have.
 */
export interface Scene {
  concern: Concern;
  /** Hosts that the concern's traffic may go to. */
  hosts: readonly string[];
  /** Namespaces whose rules are seen because of where the services are. */
  serviceNamespaces: readonly string[];
  rules: readonly Rule[];
  /** Services, their endpoints, and what else isn't bound to a client's namespace. */
  objects: readonly Plain[];
  /** It may be about the host of any rule, and there are too many to try. */
  isTooBig: boolean;
  /** Namespaces that anything here is in or names: clients of all others fare alike. */
  namespaces: ReadonlySet<string>;
  /** Whether what is unclear can make a difference for a client. */
  affects: (client: Client) => boolean;
}

/** With more rules than this, it isn't tried which of them something of unknown name is about. */
const MOST_RULES = 100;

/** Sets scenes for a mesh that isn't clear. */
export class Stage {
  private readonly rulesByHost = new HostTable<Rule[]>();
  private readonly openRules: readonly Rule[];
  private readonly openObjects: readonly Blurred[];
  private readonly endpoints = new Map<string, Plain[]>();
  private readonly workloads = new Map<string, Plain[]>();
  /** Namespaces where the clients' own Sidecar resources or the accepted TLS aren't clear. */
  private readonly unclearNamespaces: ReadonlySet<string>;
  /** A host of each sort that an ExternalName of unknown target may lead to. */
  private readonly destinations: readonly string[];

  constructor(
    private readonly mesh: Mesh,
    readonly unclear: Unclear,
  ) {
    const blurred = [...unclear.blurred.values()];
    this.openObjects = blurred.filter(({ isOpen, kind }) => isOpen && kind !== "DestinationRule");
    this.openRules = mesh.rules.filter((rule) => unclear.blurred.get(rule.object)?.isOpen);
    this.destinations = destinationsIn(mesh, unclear);
    this.unclearNamespaces = new Set([
      ...unclear.unorderedSidecars,
      ...unclear.unorderedPolicies,
      ...blurred
        .filter(({ kind }) => kind === "Sidecar" || kind === "PeerAuthentication")
        .map(({ namespace }) => namespace ?? NAMELESS),
      // A VirtualService may bring services to the clients of any namespace.
      ...blurred.filter(({ kind }) => kind === "VirtualService").map(() => NAMELESS),
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

  /** The scene of a concern, or undefined where nothing about it is unclear. */
  sceneOf(concern: Concern): Scene | undefined {
    const leadsAnywhere = this.leadsAnywhere(concern);
    const isOpen = this.isOpen(concern) || leadsAnywhere;
    const isTooBig = isOpen && this.mesh.rules.length > MOST_RULES;
    const own = [...this.hostsOf(concern), ...(leadsAnywhere ? this.destinations : [])];
    const rules = isOpen ? this.mesh.rules : this.rulesFor(own);
    const hosts = isOpen && !isTooBig ? [...own, ...rules.map((rule) => rule.host)] : own;
    const objects = this.objectsFor(concern, hosts);
    const serviceNamespaces = this.serviceNamespaces(concern, hosts, rules);
    const affects = this.affected(own, rules, objects, serviceNamespaces);
    return (
      affects && {
        concern,
        hosts: [...new Set(hosts)],
        serviceNamespaces,
        rules,
        objects,
        isTooBig,
        namespaces: this.namespacesIn(hosts, rules, objects, serviceNamespaces),
        affects,
      }
    );
  }

  /** Rules about some hosts, and those that may be about any. */
  private rulesFor(hosts: readonly string[]): Rule[] {
    const known = hosts.flatMap((host) => this.rulesByHost.allMatching(host).flat());
    return [...new Set([...known, ...this.openRules])];
  }

  /** Whether the concern's own host isn't known. */
  private isOpen({ object }: Concern): boolean {
    return (object && this.unclear.blurred.get(object)?.isOpen) ?? false;
  }

  private leadsAnywhere({ object }: Concern): boolean {
    const paths = (object && this.unclear.blurred.get(object)?.paths) ?? [];
    return paths.some((path) => LEADS.includes(path.join(".")));
  }

  /** The concern's hosts, and those of the ExternalNames on the way to its target. */
  private hostsOf({ object, alias }: Concern): string[] {
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
    concern: Concern,
    hosts: readonly string[],
    rules: readonly Rule[],
  ): string[] {
    const services = hosts.flatMap((host) => this.mesh.registry.of(host));
    const namespaces = [concern.ref, ...services.map((service) => service.ref)].map(
      (ref) => ref.namespace,
    );
    const anywhere = namespaces.includes(NAMELESS) ? rules.map(({ ref }) => ref.namespace) : [];
    return [...new Set([...namespaces, ...anywhere])];
  }

  /** The services of some hosts, what stands behind them, and objects that may join them. */
  private objectsFor(concern: Concern, hosts: readonly string[]): Plain[] {
    const services = hosts.flatMap((host) => this.mesh.registry.of(host));
    const objects = new Set<Plain>(services.flatMap(({ object }) => (object ? [object] : [])));
    if (concern.object) objects.add(concern.object);
    const namespaces = new Set([...objects].map((object) => refOf(object).namespace));
    for (const { kind, object, namespace } of this.openObjects) {
      const isBehind = kind !== "ServiceEntry" && kind !== "Service";
      const isNear = namespace === undefined || namespaces.has(namespace);
      const isHost = kind === "ServiceEntry" || hosts.some((host) => this.isOfCluster(host));
      if (isBehind ? isNear : isHost) objects.add(object);
    }
    // A set grows while it is walked: what is found leads on.
    for (const object of objects) {
      for (const found of this.behind(object)) objects.add(found);
      const target = text(at(object, "spec", "externalName"));
      for (const next of this.mesh.registry.of(target)) if (next.object) objects.add(next.object);
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
    if (!this.unclear.blurred.get(object)?.isOpen) {
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
    rules: readonly Rule[],
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

  /** Which clients something unclear can make a difference for, or undefined for none. */
  private affected(
    hosts: readonly string[],
    rules: readonly Rule[],
    objects: readonly Plain[],
    serviceNamespaces: readonly string[],
  ): Scene["affects"] | undefined {
    const { blurred, unorderedRules, unorderedEntries } = this.unclear;
    if (
      objects.some((object) => blurred.has(object)) ||
      hosts.some((host) => unorderedEntries.has(host))
    ) {
      return () => true;
    }
    const namespaces = new Set([
      ...this.unclearNamespaces,
      ...rules.filter((rule) => blurred.has(rule.object)).map((rule) => rule.ref.namespace),
      ...hosts.flatMap((host) => unorderedRules.allMatching(host).flat()),
    ]);
    if (namespaces.size === 0) return undefined;
    const seenByAll = [...serviceNamespaces, this.mesh.facts.rootNamespace, NAMELESS];
    if (seenByAll.some((namespace) => namespaces.has(namespace))) return () => true;
    return (client) => namespaces.has(client.namespace);
  }
}

/** A Service of the cluster's own, and one of which it isn't known, if there are such. */
function destinationsIn(mesh: Mesh, unclear: Unclear): string[] {
  const known = mesh.services.filter(({ object }) => object && !unclear.blurred.has(object));
  const inside = known.find((service) => aliasOf(mesh, service) === undefined);
  const open = known.find((service) => {
    const alias = aliasOf(mesh, service);
    return alias !== undefined && !isCertain(alias);
  });
  return [inside, open].flatMap((service) => (service ? [service.host] : []));
}

/** Places that say where a Service leads. */
const LEADS: readonly string[] = ["spec", "spec.type", "spec.externalName"];

function add(groups: Map<string, Plain[]>, key: string, object: Plain): void {
  const group = groups.get(key);
  if (group) group.push(object);
  else groups.set(key, [object]);
}
