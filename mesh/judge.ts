import { externalAliases, type Alias } from "./aliases.js";
import { defaultClients, selectorsIn } from "./clients.js";
import { entryFor, outcomesOf, type Outcome } from "./clusters.js";
import type { Labels } from "./fields.js";
import type { Mesh } from "./mesh.js";
import type { PoolEntry } from "./pools.js";
import type { Service } from "./services.js";
import { importedService } from "./sidecars.js";
import type { Client, Verdict } from "./verdict.js";

/**
 * What each client's proxy will do towards each external alias.
 *
 * @param clients the callers to ask about; @default {@link defaultClients}
 * @returns verdicts by alias, host, client, port and subset, the same for any order of objects
 */
export function judge(mesh: Mesh, clients: readonly Client[] = defaultClients(mesh)): Verdict[] {
  return externalAliases(mesh).flatMap((alias) =>
    hostsOf(alias).flatMap((host) =>
      clients.flatMap((client, clientIndex) => judgeOne(mesh, alias, host, client, clientIndex)),
    ),
  );
}

/**
 * The alias's own host and that of its target, whose rules hold for the traffic as soon as
 * something registers it.
 */
function hostsOf(alias: Alias): string[] {
  const target = alias.terminal;
  return target === undefined || target === alias.host ? [alias.host] : [alias.host, target];
}

function judgeOne(
  mesh: Mesh,
  alias: Alias,
  host: string,
  client: Client,
  clientIndex: number,
): Verdict[] {
  const byPlace = new Map<string, Verdict>();
  for (const labels of labelClasses(mesh, client)) {
    for (const outcome of outcomesFor(mesh, alias, host, { ...client, labels })) {
      const place = `${outcome.port}|${outcome.subset}`;
      const verdict = verdictOf(alias, host, client, clientIndex, outcome);
      if (byPlace.get(place)?.verdict !== "violation") byPlace.set(place, verdict);
    }
  }
  return [...byPlace.values()].sort(
    (a, b) => a.port - b.port || (a.subset < b.subset ? -1 : a.subset > b.subset ? 1 : 0),
  );
}

function labelClasses(mesh: Mesh, client: Client): Labels[] {
  return client.labels ? [client.labels] : [{}, ...selectorsIn(mesh, client.namespace)];
}

function outcomesFor(mesh: Mesh, alias: Alias, host: string, client: Client): Outcome[] {
  const registered = mesh.registry.of(host).length > 0;
  const service = registered
    ? importedService(mesh.registry, mesh.scopeOf(client), host)
    : unregistered(alias, host);
  if (!service) return [];
  const entry = entryFor(mesh, client, service);
  return outcomesOf(mesh, {
    service: withSomePort(service, entry),
    entry,
    gateway: client.gateway === true,
  });
}

/** An alias without ports: what any port would get, and what the rule's own ports would. */
function withSomePort(service: Service, entry: PoolEntry | undefined): Service {
  if (service.ports.length > 0) return service;
  const named = (entry?.policy?.ports ?? []).flatMap((port) => port.number ?? []);
  return {
    ...service,
    ports: [0, ...named].map((number) => ({ number, name: "", protocol: "tcp" })),
  };
}

/** A host that no object registers: rules about it are text, until something registers it. */
function unregistered(alias: Alias, host: string): Service {
  return {
    ref: alias.ref,
    host,
    name: host,
    created: 0,
    fromKubernetes: false,
    ports: [],
    resolution: alias.why === "declared" ? "eds" : "alias",
    meshExternal: true,
    exportTo: [],
    labels: {},
  };
}

function verdictOf(
  alias: Alias,
  host: string,
  client: Client,
  clientIndex: number,
  outcome: Outcome,
): Verdict {
  const verdict: Verdict = {
    alias: alias.ref,
    target: alias.target,
    host,
    client,
    clientIndex,
    port: outcome.port,
    subset: outcome.subset,
    verdict: "ok",
  };
  if (outcome.tls) verdict.tls = outcome.tls;
  if (outcome.decidedBy) verdict.rule = outcome.decidedBy;
  if (outcome.level) verdict.level = outcome.level;
  const live = outcome.tls === "ISTIO_MUTUAL";
  if (live || outcome.saysIstioMutual) {
    verdict.verdict = "violation";
    verdict.kind = live ? "live" : "declared";
  }
  return verdict;
}
