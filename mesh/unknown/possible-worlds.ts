import { assess, type Assessment } from "../verdicts/assessment.js";
import { at, items, wholeNumber, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import { isPublic, isVisible } from "../registry/registry.js";
import type { Service } from "../registry/service.js";
import type { Client } from "../scope/client.js";
import {
  assignmentsOf,
  choicesIn,
  complete,
  type Assignment,
  type Assignments,
  type Choice,
} from "./choices.js";
import { OTHER_PORT } from "./completions/values.js";
import { possibleOutcomes, type OrderedOutcomes } from "./possible-outcomes.js";
import { possiblePolicies } from "./possible-policies.js";
import type { RelevantObjects } from "./relevant-objects.js";
import { NOT_ALL_TRIED, summarize, type PossibleWorld } from "./summary.js";
import { mayBeMutual, visibleTo } from "./visible-objects.js";

/** Reads the objects of one world as istiod would. */
export type ReadWorld = (objects: readonly Plain[]) => Mesh;

/** One client's view of what is relevant to a candidate, and how to read a world of it. */
interface Search {
  relevant: RelevantObjects;
  client: Client;
  objects: readonly Plain[];
  choices: readonly Choice[];
  readWorld: ReadWorld;
}

/**
 * Assesses a candidate in every possible world, that is for every way in which its unknown values
 * and orders of creation could turn out, and says what holds in all of them. (*Worlds* and
 * *completions* are the words of the literature on incomplete databases.) Undefined where no rule
 * could mean ISTIO_MUTUAL, whatever the values turn out to be.
 */
export function assessWorlds(
  relevant: RelevantObjects,
  client: Client,
  readWorld: ReadWorld,
): Assessment[] | undefined {
  const { partialObjects } = relevant.uncertainty;
  const visible = visibleTo(relevant, client);
  const objects = [...new Set([...visible.objects, ...visible.rules.map((rule) => rule.object)])];
  const hasValues = objects.some((object) => partialObjects.has(object));
  if (hasValues && !mayBeMutual(visible)) return undefined;
  const choices = relevant.isTooBig ? [] : choicesIn(relevant, visible, client, objects);
  const search: Search = { relevant, client, objects, choices, readWorld };
  const assignments: Assignments = assignmentsOf(choices);
  const worlds: PossibleWorld[] = [];
  let isComplete = assignments.isComplete && !relevant.isTooBig;
  for (const assignment of assignments.all) {
    isComplete = addWorlds(worlds, search, assignment) && isComplete;
  }
  const tlsMayVary = objects.some((object) => partialObjects.get(object)?.tlsMayVary);
  const summary = summarize(worlds, choices, {
    isComplete,
    // Where no value was tried at all, what is wrong may still turn out well.
    isTried: !relevant.isTooBig,
    isTlsCertain: !tlsMayVary,
  });
  return summary.length === 0 && !isComplete ? [nothingTried(relevant)] : summary;
}

/** Adds what holds with some values, by host and order. @returns whether every order was tried */
function addWorlds(worlds: PossibleWorld[], search: Search, assignment: Assignment): boolean {
  const objects = complete(search.objects, search.choices, assignment);
  const mesh = search.readWorld(objects);
  let isComplete = true;
  const policies = possiblePolicies(mesh);
  const found = sourcesIn(search, mesh, objects).flatMap((source) =>
    policies.map(({ mesh: world, oldestFirst }) => {
      const possible = possibleOutcomes(world, search.client, source);
      isComplete &&= possible.isComplete;
      return possible.outcomes.map((one) => ({
        ...one,
        oldestFirst: [...oldestFirst, ...one.oldestFirst],
      }));
    }),
  );
  const different = new Map<string, PossibleWorld>();
  for (const ordered of found.flat()) {
    const places = placesOf(search, ordered);
    const world = { host: ordered.host, assignment, oldestFirst: ordered.oldestFirst, places };
    const key = [...places].map(
      ([place, { verdict, outcome }]) => `${place} ${verdict} ${outcome.tls}`,
    );
    const id = `${ordered.host} ${key.join()}`;
    if (!different.has(id)) different.set(id, world);
  }
  if (different.size === 0) {
    worlds.push({ host: "", assignment, oldestFirst: [], places: new Map() });
  }
  worlds.push(...different.values());
  return isComplete;
}

/** What the candidate's own object is read as in a world. */
function sourcesIn({ relevant, ...search }: Search, world: Mesh, objects: readonly Plain[]) {
  const { object, alias, otherHosts } = relevant.candidate;
  const { namespace } = search.client;
  if (!object) return alias ? [{ alias }] : [];
  const own = objects[search.objects.indexOf(object)];
  const services = (own && world.servicesByObject.get(own)) ?? [];
  const isOther = (host: string) =>
    object.kind === "ServiceEntry" && (alias ? host !== alias.host : otherHosts.includes(host));
  // Who doesn't see a ServiceEntry can't call it; a Service's name can be looked up by any.
  const isSeen = (service: Service) =>
    service.fromKubernetes || isPublic(service) || isVisible(service, namespace);
  return services
    .filter((service) => !isOther(service.host) && isSeen(service))
    .map((service) => ({ service }));
}

/** What each place of a host is in some orders. */
function placesOf(search: Search, ordered: OrderedOutcomes): Map<string, Assessment> {
  const places = new Map<string, Assessment>();
  const { host, alias, outcomes } = ordered;
  if (!alias) return places;
  const known = knownPorts(search.relevant, host);
  for (const found of outcomes) {
    const isKnown = known?.has(found.port) ?? found.port !== OTHER_PORT;
    const outcome = { ...found, port: isKnown ? found.port : 0 };
    const key = `${host}|${outcome.port}|${outcome.subset}`;
    if ((places.get(key)?.verdict ?? "ok") === "ok") places.set(key, assess(alias, host, outcome));
  }
  return places;
}

/**
 * The ports of a host that are written down, where others aren't known: those are port 0 in the
 * verdicts. Undefined where all are known.
 */
function knownPorts(relevant: RelevantObjects, host: string): ReadonlySet<number> | undefined {
  const { candidate, servicesOf, uncertainty } = relevant;
  const services = servicesOf(host).map((service) => service.object);
  const objects = services.length > 0 ? services : [candidate.object];
  const hasUnknownPorts = objects.some((object) =>
    (object && uncertainty.partialObjects.get(object)?.paths)?.some(
      (path) => path[0] === "spec" && (path.length === 1 || path[1] === "ports"),
    ),
  );
  if (!hasUnknownPorts) return undefined;
  const ports = objects.flatMap((object) => items(at(object, "spec", "ports")));
  return new Set(
    ports.flatMap((port) => wholeNumber(at(port, "port")) ?? wholeNumber(at(port, "number")) ?? []),
  );
}

/** Of what could be tried nothing is an alias; of the rest it isn't known. */
function nothingTried({ candidate, hosts }: RelevantObjects): Assessment {
  const { ref, alias } = candidate;
  const host = hosts[0] ?? "";
  return {
    alias: alias ?? { ref, host, target: "", why: "no-known-address", ports: [] },
    host,
    outcome: { port: 0, subset: "", saysIstioMutual: false },
    verdict: "undecided",
    isLive: false,
    reason: NOT_ALL_TRIED,
    witnesses: [],
  };
}
