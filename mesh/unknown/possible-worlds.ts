import { assess, type Assessment } from "../verdicts/assessment.js";
import { objectText } from "../input/kube-object.js";
import { at, items, NAMELESS, refOf, UNREADABLE, wholeNumber, type Plain } from "../input/plain.js";
import { serviceHost } from "../input/hosts.js";
import { withRules, type Mesh } from "../mesh.js";
import { isPublic, isVisible } from "../registry/registry.js";
import type { Service } from "../registry/service.js";
import { indexDestinationRules } from "../rules/destination-rule-index.js";
import type { Client } from "../scope/client.js";
import {
  asSet,
  choicesIn,
  combinationsOf,
  complete,
  type Assignment,
  type Choice,
} from "./choices.js";
import { NOBODY, OTHER_PORT } from "./completions/values.js";
import {
  givenContent,
  possibleOutcomes,
  possiblyGiven,
  type Given,
  type OrderedOutcomes,
  type Source,
} from "./possible-outcomes.js";
import { contentBy, ruleReader, ruleSetsOf, type RuleSet } from "./possible-rule-sets.js";
import type { RelevantObjects } from "./relevant-objects.js";
import { NOT_ALL_VALUES, summarize, type PossibleWorld } from "./summary.js";
import { mayBeMutual, visibleTo } from "./visible-objects.js";

/** Reads the objects of one world as istiod would. */
export type ReadWorld = (objects: readonly Plain[]) => Mesh;

/** One client's view of what is relevant to a candidate, and how to read a world of it. */
interface Search {
  relevant: RelevantObjects;
  client: Client;
  /** All but the rules. */
  objects: readonly Plain[];
  choices: readonly Choice[];
  ruleSets: readonly IndexedRules[];
  readWorld: ReadWorld;
}

interface IndexedRules extends RuleSet {
  index: Mesh["destinationRuleIndex"];
}

/** So many combinations of what isn't known of objects other than rules are tried. */
const MOST_COMBINATIONS = 2048;

/**
 * Assesses a candidate in every possible world, that is for every way in which its unknown values
 * and orders of creation could turn out, and says what holds in all of them. (*Worlds* and
 * *completions* are the words of the literature on incomplete databases.) What a client is given is
 * one thing and which rules there are is another: worlds in which a client is given the same differ by their
 * rules only. Undefined where no rule could mean ISTIO_MUTUAL, whatever the values turn out to be.
 */
export function assessWorlds(
  relevant: RelevantObjects,
  client: Client,
  readWorld: ReadWorld,
): Assessment[] | undefined {
  const { facts, uncertainty } = relevant;
  const { partialObjects } = uncertainty;
  const visible = visibleTo(relevant, client);
  const all = [...new Set([...visible.objects, ...visible.rules.map((rule) => rule.object)])];
  if (all.some((object) => partialObjects.has(object)) && !mayBeMutual(visible)) return undefined;
  const [rules, objects] = [all.filter(isRule), all.filter((object) => !isRule(object))];
  const choices = choicesIn(relevant, visible, client, objects, asSet);
  const readRule = ruleReader(relevant);
  const ruleChoices = choicesIn(relevant, visible, client, rules, contentBy(readRule));
  const sets = ruleSetsOf(rules, ruleChoices, readRule);
  const ruleSets = sets.all.map((set) => ({
    ...set,
    index: indexDestinationRules(set.rules, facts),
  }));
  const found = worldsOf({ relevant, client, objects, choices, ruleSets, readWorld });
  // What wasn't tried can't be wrong either where nothing could mean ISTIO_MUTUAL.
  const isComplete = (found.isComplete && sets.isComplete) || !mayBeMutual(visible);
  const summary = summarize(found.worlds, [...choices, ...ruleChoices], {
    isComplete,
    isTlsCertain:
      found.isTlsComplete && !all.some((object) => partialObjects.get(object)?.tlsMayVary),
  });
  return summary.length === 0 && !isComplete ? [nothingTried(relevant)] : summary;
}

function isRule({ kind }: Plain): boolean {
  return kind === "DestinationRule";
}

/** What holds in some orders with one set of rules, as the places of the host. */
interface PlacesOfSet extends Pick<PossibleWorld, "host" | "oldestFirst" | "places"> {
  rules: Assignment;
}

interface Worlds extends Tried {
  worlds: PossibleWorld[];
}

/** Whether there are others than those that were tried. */
interface Tried {
  /** None with another verdict. */
  isComplete: boolean;
  /** None with another TLS. */
  isTlsComplete: boolean;
}

/** Every possible world, by what a client is given and by which rules there are. */
function worldsOf(search: Search): Worlds {
  const assignments = combinationsOf(search.choices, MOST_COMBINATIONS);
  const known = new Map<string, PlacesOfSet[]>();
  const worlds: PossibleWorld[] = [];
  let { isComplete } = assignments;
  let isTlsComplete = true;
  for (const assignment of assignments.all) {
    const given = givenIn(search, assignment);
    if (!given) continue;
    const key = given.map((one) => givenContent(one, search.client) + ordersOf(one)).join("\n");
    let places = known.get(key);
    if (!places) {
      const found = placesWithRules(search, given);
      places = found.places;
      isComplete &&= found.isComplete;
      isTlsComplete &&= found.isTlsComplete;
      known.set(key, places);
    }
    worlds.push(...worldsWith(assignment, places));
  }
  return { worlds, isComplete, isTlsComplete };
}

function ordersOf({ oldestFirst }: Given): string {
  return oldestFirst.length === 0 ? "" : JSON.stringify(oldestFirst);
}

/** What a client is given with some values, by host and order; undefined where they can't be. */
function givenIn(search: Search, assignment: Assignment): Given[] | undefined {
  const objects = complete(search.objects, search.choices, assignment);
  if (haveOneName(search, objects)) return undefined;
  const mesh = search.readWorld(objects);
  return sourcesIn(search, mesh, objects).flatMap((source) =>
    possiblyGiven(mesh, search.client, source),
  );
}

/** Whether an object was given the name of another, which no two of a kind and namespace have. */
function haveOneName({ objects, relevant }: Search, completed: readonly Plain[]): boolean {
  const names = new Set<string>();
  for (const [index, object] of objects.entries()) {
    if (completed[index] === object) names.add(objectText(refOf(object)));
  }
  return completed.some((object, index) => {
    const before = objects[index];
    const ref = refOf(object);
    if (object === before || ref.namespace === NOBODY || ref.name === UNREADABLE) return false;
    if (ref.name === NAMELESS) return false;
    const host = serviceHost(ref.name, ref.namespace, relevant.facts.clusterDomain);
    const isTaken = ({ fromKubernetes, object: other }: Service) =>
      fromKubernetes && other !== before;
    if (ref.kind === "Service" && relevant.servicesOf(host).some(isTaken)) return true;
    const name = objectText(ref);
    return names.size === names.add(name).size;
  });
}

/** What comes of what is given, with each set of rules. */
function placesWithRules(
  search: Search,
  given: readonly Given[],
): Tried & { places: PlacesOfSet[] } {
  const places: PlacesOfSet[] = [];
  let isComplete = true;
  let isTlsComplete = true;
  for (const { assignment, rules, index } of search.ruleSets) {
    const different = new Map<string, PlacesOfSet>();
    for (const one of given) {
      const derived = one.mesh.rules;
      const mesh =
        derived.length === 0
          ? withRules(one.mesh, rules, index)
          : withRules(one.mesh, [...rules, ...derived]);
      const possible = possibleOutcomes(one, search.client, mesh);
      isComplete &&= possible.isComplete;
      isTlsComplete &&= possible.isTlsComplete;
      for (const ordered of possible.outcomes) {
        const { host, oldestFirst } = ordered;
        const found = placesOf(search, ordered);
        const id = `${host} ${placesText(found)}`;
        if (!different.has(id)) {
          different.set(id, { host, oldestFirst, places: found, rules: assignment });
        }
      }
    }
    if (different.size === 0) {
      places.push({ host: "", oldestFirst: [], places: new Map(), rules: assignment });
    }
    places.push(...different.values());
  }
  return { places, isComplete, isTlsComplete };
}

function placesText(places: PossibleWorld["places"]): string {
  const texts = [...places].map(
    ([place, { verdict, outcome }]) => `${place} ${verdict} ${outcome.tls}`,
  );
  return texts.join();
}

/** The worlds of one combination of values, with each set of rules. */
function worldsWith(values: Assignment, places: readonly PlacesOfSet[]): PossibleWorld[] {
  const whole = new Map<Assignment, Assignment>();
  return places.map(({ rules, host, oldestFirst, places: found }) => {
    let assignment = whole.get(rules);
    if (!assignment) whole.set(rules, (assignment = [...values, ...rules]));
    return { host, assignment, oldestFirst, places: found };
  });
}

/** What the candidate's own object is read as in a world. */
function sourcesIn(
  { relevant, ...search }: Search,
  world: Mesh,
  objects: readonly Plain[],
): Source[] {
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
    reason: NOT_ALL_VALUES,
    witnesses: [],
  };
}
