import { outcomesOf, rulesTowards, type Outcome } from "../clusters/clusters.js";
import { rulesByHost } from "../findings/followed-rules.js";
import { isCoveredBy, isWildcard, type HostTable } from "../input/hosts.js";
import type { Plain } from "../input/plain.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import { Registry } from "../registry/registry.js";
import { readServiceEntry } from "../registry/service-entry.js";
import type { Service } from "../registry/service.js";
import { takesMutualTls } from "../registry/workload.js";
import { chooseRule, indexDestinationRules } from "../rules/destination-rule-index.js";
import { readDestinationRule, type DestinationRule } from "../rules/destination-rule.js";
import { importedService } from "../scope/imported-service.js";
import type { Client } from "../scope/client.js";
import { aliasOf } from "../verdicts/alias.js";
import { defaultClients, selectorsIn } from "../verdicts/default-clients.js";
import { isMutual, unregistered, withPorts } from "../verdicts/outcomes.js";
import type { Verdict } from "../verdicts/verdict.js";

/** What a mesh would be with other rules and more ServiceEntries, as far as some hosts go. */
export interface Change {
  rules: readonly Plain[];
  entries: readonly Plain[];
}

/**
 * Whether a change puts a violation right and harms nobody: the client sends no mutual TLS of Istio's
 * to the alias any more, nobody newly sends it to anything outside, and no client loses encryption that
 * is right: TLS that its proxy starts, or Istio's own towards what may have sidecars.
 */
export function isRemedy(mesh: Mesh, verdict: Verdict, change: Change): boolean {
  const { host, client } = verdict;
  const changed = readEntries(mesh, change);
  const known = lookupOf(mesh);
  const written = change.rules.map((rule) => writtenRule(mesh, rule));
  const hosts = new Set([host, ...[...changed, ...written].map((one) => one.host)]);
  for (const one of hosts) {
    if (!isWildcard(one)) continue;
    for (const other of mesh.registry.hosts()) if (isCoveredBy(other, one)) hosts.add(other);
  }
  const after = withChange(mesh, [...hosts], changed, written);
  const clients = [client, ...known.clients];
  const place = placeOf(verdict);
  return [...hosts].every((one) => {
    const follows = followersOf(mesh, verdict.alias, one, written, changed);
    return clients.every((other) => {
      const isSubject = one === host && other === client;
      if (!isSubject && !follows(other)) return true;
      return isWell(mesh, after, { ...verdict, host: one }, other, isSubject ? place : undefined);
    });
  });
}

/**
 * Who may be given something else for a host: rules are looked up in the client's namespace, in the
 * service's, and in the root's.
 */
function followersOf(
  mesh: Mesh,
  alias: ObjectRef,
  host: string,
  written: readonly DestinationRule[],
  entries: readonly Service[],
): (client: Client) => boolean {
  const namespaces = new Set(written.map(({ ref }) => ref.namespace));
  const services = mesh.registry.of(host).map(({ ref }) => ref.namespace);
  const shared = [mesh.facts.rootNamespace, alias.namespace, ...services];
  const isForAll = entries.length > 0 || shared.some((one) => namespaces.has(one));
  return ({ namespace }) => isForAll || namespaces.has(namespace);
}

interface Lookup {
  rules: HostTable<DestinationRule[]>;
  clients: readonly Client[];
}

const lookups = new WeakMap<Mesh, Lookup>();

/** What every trial in a mesh needs, found once. */
function lookupOf(mesh: Mesh): Lookup {
  let known = lookups.get(mesh);
  if (!known) {
    known = { rules: rulesByHost(mesh), clients: defaultClients(mesh) };
    lookups.set(mesh, known);
  }
  return known;
}

/** A rule that is changed keeps its age; a new one is the youngest. */
function writtenRule(mesh: Mesh, object: Plain): DestinationRule {
  const rule = readDestinationRule(object, mesh.facts.clusterDomain);
  const present = mesh.rules.find(
    ({ ref }) => ref.namespace === rule.ref.namespace && ref.name === rule.ref.name,
  );
  return { ...rule, created: present?.created ?? Number.MAX_SAFE_INTEGER };
}

function readEntries({ facts }: Mesh, { entries }: Change): Service[] {
  return entries.flatMap((entry) =>
    readServiceEntry(entry, { defaultExportTo: facts.defaultServiceExportTo }),
  );
}

/** The mesh with the change: it knows of the hosts that are judged, and of no others. */
function withChange(
  mesh: Mesh,
  hosts: readonly string[],
  entries: readonly Service[],
  written: readonly DestinationRule[],
): Mesh {
  const isWritten = ({ ref }: DestinationRule) =>
    written.some(({ ref: own }) => own.namespace === ref.namespace && own.name === ref.name);
  const table = lookupOf(mesh).rules;
  const kept = new Set(hosts.flatMap((host) => table.allMatching(host).flat()));
  const services = hosts.flatMap((host) => mesh.registry.of(host));
  return {
    ...mesh,
    registry: new Registry([...services, ...entries], mesh.facts),
    destinationRuleIndex: indexDestinationRules(
      [...[...kept].filter((rule) => !isWritten(rule)), ...written],
      mesh.facts,
    ),
    endpointsOf: (service, port) => {
      if (!entries.includes(service)) return mesh.endpointsOf(service, port);
      const ports = port ? [port] : service.ports;
      return ports.map(({ name = "", number }) => ({
        ...{ address: service.host, labels: {}, tlsMode: "disabled" },
        ...{ portName: name, portNumber: number, isInside: false, isMissing: false },
      }));
    },
  };
}

/**
 * Whether all is well for one client towards one host after a change.
 * @param wrong the place that is to be put right
 */
function isWell(
  mesh: Mesh,
  after: Mesh,
  verdict: Verdict,
  client: Client,
  wrong: string | undefined,
): boolean {
  const classes = client.labels ? [client.labels] : [{}, ...selectorsIn(mesh, client.namespace)];
  return classes.every((labels) => {
    const was = towards(mesh, verdict, { ...client, labels });
    const is = towards(after, verdict, { ...client, labels });
    const isOutside = is.service !== undefined && leadsOutside(after, is.service);
    for (const [place, outcome] of is.places) {
      if (!isOutside || !isMutual(outcome)) continue;
      const before = was.places.get(place);
      const wasWrong = before !== undefined && isMutual(before);
      const turnsLive = outcome.tls === "ISTIO_MUTUAL" && before?.tls !== "ISTIO_MUTUAL";
      if (place === wrong || !wasWrong || turnsLive) return false;
    }
    const mayHaveSidecars = was.service !== undefined && hasSidecars(mesh, was.service);
    return [...was.places].every(([place, { tls }]) => {
      const now = is.places.get(place)?.tls;
      if (tls === "SIMPLE" || tls === "MUTUAL") return now === tls;
      if (!mayHaveSidecars || (tls !== "AUTO" && tls !== "ISTIO_MUTUAL")) return true;
      return now === "AUTO" || now === "ISTIO_MUTUAL";
    });
  });
}

/** What nothing registers is known only as that what an alias leads to. */
function leadsOutside(mesh: Mesh, service: Service): boolean {
  return service.object === undefined || aliasOf(mesh, service) !== undefined;
}

/** Whether anything behind a service has a sidecar, or may have one. */
function hasSidecars(mesh: Mesh, service: Service): boolean {
  if (service.object === undefined) return false;
  const endpoints = mesh.endpointsOf(service);
  return (
    endpoints.some(takesMutualTls) ||
    (service.fromKubernetes && service.selector !== undefined) ||
    aliasOf(mesh, service) === undefined
  );
}

/** What a client is given for a host, and what its proxy does towards each port and subset. */
function towards(
  mesh: Mesh,
  { alias, why, host }: Verdict,
  client: Client,
): { service?: Service; places: ReadonlyMap<string, Outcome> } {
  const isKnown = mesh.registry.of(host).length > 0;
  const service = isKnown
    ? importedService(mesh, mesh.sidecarScopeOf(client), host)
    : unregistered({ ref: alias, why }, host);
  if (!service) return { places: new Map() };
  const rules = rulesTowards(mesh, service);
  const rule = chooseRule(rules(client.namespace), client.namespace, client.labels ?? {});
  const gateway = client.gateway === true;
  const outcomes = outcomesOf(mesh, { service: withPorts(service, rule), rule, gateway });
  return { service, places: new Map(outcomes.map((one) => [placeOf(one), one])) };
}

function placeOf({ port, subset }: Pick<Outcome, "port" | "subset">): string {
  return `${port}|${subset}`;
}
