import { compareText } from "../input/plain.js";
import { looksUpExactHosts } from "../input/istio-version.js";
import type { MeshFacts } from "../input/mesh-facts.js";
import type { Service } from "./service.js";

/**
 * Every host that istiod knows, in its order, and who may see it
 * (pilot/pkg/model/push_context.go `initServiceRegistry`).
 */
export class Registry {
  private readonly byHost = new Map<string, Service[]>();
  private ordered?: readonly Service[];

  constructor(
    services: readonly Service[],
    private readonly facts: Pick<MeshFacts, "istioVersion">,
  ) {
    for (const service of [...services].sort(oldestFirst)) {
      const same = this.byHost.get(service.host);
      if (same) same.push(service);
      else this.byHost.set(service.host, [service]);
    }
  }

  /** The same services, of which those of one host were created in another order. */
  withOrder(host: string, oldestFirst: readonly Service[]): Registry {
    const other = new Registry([], this.facts);
    for (const [each, services] of this.byHost) other.byHost.set(each, services);
    other.byHost.set(host, [...oldestFirst]);
    return other;
  }

  /** Every service, oldest first. */
  get inOrder(): readonly Service[] {
    return (this.ordered ??= [...this.byHost.values()].flat().sort(oldestFirst));
  }

  hosts(): IterableIterator<string> {
    return this.byHost.keys();
  }

  /** All services of a host, oldest first. */
  of(host: string): readonly Service[] {
    return this.byHost.get(host) ?? [];
  }

  /** The services of a host that a namespace is given: those exported to it by name come first. */
  exportedTo(host: string, namespace: string): Service[] {
    const all = this.of(host).filter((service) => !isHidden(service));
    const named = all.filter((service) => !isPublic(service) && isVisible(service, namespace));
    if (named.length > 1 && !looksUpExactHosts(this.facts)) {
      // What a namespace keeps to itself used to come first.
      const isOwn = (service: Service) => Number(service.ref.namespace === namespace);
      named.sort((a, b) => isOwn(b) - isOwn(a));
    }
    return [...named, ...all.filter(isPublic)];
  }

  /** The one service of a host in each namespace: the oldest, but one of Kubernetes before others. */
  byNamespace(host: string): Map<string, Service> {
    const chosen = new Map<string, Service>();
    for (const service of this.of(host)) {
      const existing = chosen.get(service.ref.namespace);
      if (!existing || (!existing.fromKubernetes && service.fromKubernetes)) {
        chosen.set(service.ref.namespace, service);
      }
    }
    return chosen;
  }
}

/** istiod's order of services (`SortServicesByCreationTime`). */
function oldestFirst(a: Service, b: Service): number {
  return (
    a.created - b.created ||
    compareText(a.name, b.name) ||
    compareText(a.ref.namespace, b.ref.namespace) ||
    compareText(a.ref.name, b.ref.name)
  );
}

/** Who sees a service: what it says itself, else the mesh's default (`serviceExportTo`). */
export function exportedTo({ exportTo, defaultExportTo = [] }: Service): readonly string[] {
  return exportTo.length > 0 ? exportTo : defaultExportTo;
}

/** Whether every namespace may see a service. */
export function isPublic(service: Service): boolean {
  const namespaces = exportedTo(service);
  return namespaces.length === 0 || namespaces.includes("*");
}

/** `~` takes a service away from everyone, unless `*` stands beside it. */
export function isHidden(service: Service): boolean {
  return !isPublic(service) && exportedTo(service).includes("~");
}

/** Whether a service's exportTo names a namespace, its own by `.` (`IsServiceVisible`). */
export function isVisible(service: Service, namespace: string): boolean {
  const namespaces = exportedTo(service);
  return (
    isPublic(service) ||
    namespaces.includes(namespace) ||
    (namespaces.includes(".") && service.ref.namespace === namespace)
  );
}
