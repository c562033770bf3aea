import type { Outcome } from "../clusters/clusters.js";
import type { ObjectRef } from "../input/kube-object.js";
import type { Mesh } from "../mesh.js";
import type { Service } from "../registry/service.js";
import { importedService } from "../scope/imported-service.js";
import type { Client } from "../scope/client.js";
import { aliasOf, type Alias } from "../verdicts/alias.js";
import { outcomesByHost } from "../verdicts/outcomes.js";
import { possibleRules } from "./possible-rules.js";
import { possibleScopes } from "./possible-scopes.js";
import { possibleServices } from "./possible-services.js";

/** What holds for a host in some orders of creation. */
export interface OrderedOutcomes {
  host: string;
  /** Undefined: in these orders it is no alias. */
  alias?: Alias;
  outcomes: readonly Outcome[];
  /** The orders that it takes, each with the oldest first; others don't matter. */
  oldestFirst: readonly (readonly ObjectRef[])[];
}

/** All that can hold for the hosts of an alias, whatever is the older where that isn't known. */
export interface PossibleOutcomes {
  outcomes: OrderedOutcomes[];
  /** False: there are more orders than were tried. */
  isComplete: boolean;
}

/**
 * Finds what a client gets in every order of creation. An order matters only where istiod comes to
 * it: of the Sidecars that hold for the client, then of the ServiceEntries of the host, then of the
 * rules that are looked up for the service that it got. What turns out alike goes on as one.
 *
 * @param source what the alias is read from: a service of the mesh, or an alias without an object
 */
export function possibleOutcomes(
  mesh: Mesh,
  client: Client,
  source: { service: Service } | { alias: Alias },
): PossibleOutcomes {
  const found: PossibleOutcomes = { outcomes: [], isComplete: true };
  const aliasIn = (world: Mesh) =>
    "alias" in source ? source.alias : aliasOf(world, source.service);
  for (const { scope, oldestFirst: sidecars } of possibleScopes(mesh, client)) {
    for (const host of hostsOf(mesh, "alias" in source ? source.alias.host : source.service.host)) {
      for (const services of possibleServices(mesh, scope, host)) {
        const { oldestFirst: entries } = services;
        const before = [sidecars, entries].flatMap((order) => (order ? [order] : []));
        const alias = aliasIn(services.mesh);
        if (!alias) {
          found.outcomes.push({ host, outcomes: [], oldestFirst: before });
          continue;
        }
        const imported = importedService(services.mesh, scope, host);
        const { namespace } = (imported ?? alias).ref;
        const rules = possibleRules(services.mesh, client.namespace, namespace, host);
        found.isComplete &&= rules.isComplete;
        for (const { mesh: world, oldestFirst } of rules.orders) {
          const towards = outcomesByHost(world, alias).find((one) => one.host === host);
          if (!towards) continue;
          found.outcomes.push({
            host,
            alias,
            outcomes: towards.outcomesFor({ client, scope }),
            oldestFirst: [...before, ...oldestFirst],
          });
        }
      }
    }
  }
  return found;
}

/** A host, and what ExternalNames lead to from there. */
function hostsOf(mesh: Mesh, host: string): Set<string> {
  const hosts = new Set([host]);
  for (const one of hosts) {
    for (const { externalName } of mesh.registry.of(one)) {
      if (externalName !== undefined) hosts.add(externalName);
    }
  }
  return hosts;
}
