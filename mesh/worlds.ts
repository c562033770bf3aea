import { aliasOf, isCertain, type Alias } from "./aliases.js";
import { isMutual, questionsOf } from "./answers.js";
import type { Outcome } from "./clusters.js";
import { completionsOf, type Surroundings } from "./completions.js";
import {
  at,
  compareText,
  isPlain,
  items,
  refOf,
  text,
  NAMELESS,
  wholeNumber,
  type Plain,
} from "./fields.js";
import { readMesh, type Mesh } from "./mesh.js";
import { isUnknown, type KubeObject, type UnknownValue } from "./objects.js";
import { isUnordered, possibleOrders } from "./orders.js";
import type { Rule } from "./rules.js";
import type { Scene } from "./scene.js";
import type { Unclear } from "./unclear.js";
import { pathText, withValue } from "./unknowns.js";
import type { Client } from "./verdict.js";

/** More than this many worlds aren't tried; the answer is then that it isn't known. */
const MAX_WORLDS = 512;
/** More objects than this of unknown order have too many orders. */
const MAX_UNORDERED = 5;

/** One thing that isn't known, with the ways in which it could turn out. */
interface Choice {
  options: readonly ((objects: Plain[]) => void)[];
  unknown?: UnknownValue;
  /** Where no single value is to blame. */
  reason?: string;
}

export type Answer = "ok" | "violation" | "undecided";

/** How a host, port and subset turn out in one world. */
export interface Place {
  alias: Alias;
  host: string;
  outcome: Outcome;
  answer: Answer;
}

/** What all worlds together say about one place. */
export interface Possibility extends Place {
  /** The values that make the difference. */
  unknowns: UnknownValue[];
  /** Why it is undecided where no single value is to blame. */
  reason?: string;
}

/** The question, and the objects that have a say in it. */
interface Setting {
  mesh: Mesh;
  scene: Scene;
  client: Client;
  objects: readonly Plain[];
  /** The ports that services are known to have; undefined where all of them are known. */
  knownPorts?: ReadonlySet<number>;
}

/**
 * Tries every way in which the unknown values of a scene could turn out, and says what holds in all
 * of them. Undefined where no rule could mean ISTIO_MUTUAL, however it turns out.
 */
export function possibilities(
  mesh: Mesh,
  unclear: Unclear,
  scene: Scene,
  client: Client,
): Possibility[] | undefined {
  const cast = castOf(mesh, scene, client);
  if (!cast.rules.some((rule) => mayBeMutual(rule.object))) return undefined;
  const objects = [...new Set([...cast.objects, ...cast.rules.map((rule) => rule.object)])];
  const choices = choicesIn(mesh, unclear, scene, client, cast, objects);
  const count = choices?.reduce((product, { options }) => product * options.length, 1) ?? Infinity;
  const knownPorts = knownPortsOf(unclear, objects);
  const setting: Setting = { mesh, scene, client, objects, ...(knownPorts && { knownPorts }) };
  if (!choices || count > MAX_WORLDS) return leftOpen(setting, choices ?? []);
  const worlds: ReadonlyMap<string, Place>[] = [];
  for (let index = 0; index < count; index++) {
    worlds.push(placesIn(setting, played(objects, choices, index)));
  }
  return summarize(worlds, choices);
}

interface Cast {
  rules: readonly Rule[];
  objects: readonly Plain[];
  namespaces: readonly string[];
}

/** What of a scene a client can see: rules elsewhere never hold for it. */
function castOf(mesh: Mesh, scene: Scene, client: Client): Cast {
  const { rootNamespace } = mesh.facts;
  const namespaces = [
    ...new Set([client.namespace, ...scene.serviceNamespaces, rootNamespace]),
  ].filter((namespace) => namespace !== NAMELESS);
  const isSeen = (object: Plain) => {
    const { namespace } = refOf(object);
    return namespace === NAMELESS || namespaces.includes(namespace);
  };
  const { Sidecar, VirtualService, PeerAuthentication } = mesh.byKind;
  return {
    rules: scene.rules.filter((rule) => isSeen(rule.object)),
    objects: [
      ...scene.objects,
      ...Sidecar.filter(isSeen),
      ...(Sidecar.length > 0 ? VirtualService : []),
      ...PeerAuthentication.filter(isSeen),
    ],
    namespaces,
  };
}

/** Whether a rule says ISTIO_MUTUAL, could do so, or could bring it about by PASSTHROUGH. */
function mayBeMutual(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (value === "ISTIO_MUTUAL" || value === "PASSTHROUGH") return true;
  if (Array.isArray(value)) return value.some(mayBeMutual);
  return isPlain(value) && Object.values(value).some(mayBeMutual);
}

function choicesIn(
  mesh: Mesh,
  unclear: Unclear,
  scene: Scene,
  client: Client,
  cast: Cast,
  objects: readonly Plain[],
): Choice[] | undefined {
  const around = surroundingsOf(mesh, scene, client, cast);
  const values = objects.flatMap((object, index) =>
    (unclear.blurred.get(object)?.paths ?? []).map((path): Choice => ({
      options: completionsOf(object, path, around).map((value) => (all: Plain[]) => {
        all[index] = withValue(all[index] ?? object, path, value);
      }),
      unknown: { object: refOf(object), path: pathText(path) },
    })),
  );
  const orders = unorderedGroups(unclear, cast).map((group) => orderChoice(group, objects));
  return orders.every((order) => order !== undefined) ? [...values, ...orders] : undefined;
}

/** Groups of objects of which the older one counts, where it isn't known which that is. */
function unorderedGroups(unclear: Unclear, cast: Cast): Plain[][] {
  const groups = new Map<string, Plain[]>();
  const put = (key: string, object: Plain) => {
    const group = groups.get(key);
    if (group) group.push(object);
    else groups.set(key, [object]);
  };
  const open = new Set(
    cast.rules
      .filter((rule) => unclear.blurred.get(rule.object)?.isOpen)
      .map((rule) => rule.ref.namespace),
  );
  const anywhere = open.has(NAMELESS);
  for (const { ref, host, object } of cast.rules) {
    // A rule whose host isn't known may be about any host of its namespace.
    const isMixed = anywhere || open.has(ref.namespace);
    put(anywhere ? "rules" : isMixed ? ref.namespace : `${ref.namespace}|${host}`, object);
  }
  for (const object of cast.objects) {
    if (object.kind === "ServiceEntry") put("entries", object);
    if (object.kind === "Sidecar") put(`sidecars|${refOf(object).namespace}`, object);
  }
  return [...groups.values()].filter((group) => isUnordered(group));
}

function orderChoice(group: readonly Plain[], objects: readonly Plain[]): Choice | undefined {
  if (group.length > MAX_UNORDERED) return undefined;
  const indexes = new Map(group.map((object) => [object, objects.indexOf(object)]));
  const names = group.map((object) => `${refOf(object).namespace}/${refOf(object).name}`).sort();
  return {
    options: possibleOrders(group).map((order) => (all: Plain[]) => {
      order.forEach((object, age) => {
        const index = indexes.get(object) ?? 0;
        const created = new Date((age + 1) * 1000).toISOString();
        all[index] = withValue(all[index] ?? object, ["metadata", "creationTimestamp"], created);
      });
    }),
    reason: `which of ${names.join(", ")} is older isn't known, and the older one counts`,
  };
}

function surroundingsOf(mesh: Mesh, scene: Scene, client: Client, cast: Cast): Surroundings {
  const { rules } = cast;
  const services = scene.hosts.flatMap((host) => mesh.registry.of(host));
  const suffix = `.svc.${mesh.facts.clusterDomain}`;
  const policies = rules.flatMap((rule) => [rule.policy, ...rule.subsets.map((s) => s.policy)]);
  const endpoints = services.flatMap((service) => mesh.endpointsOf(service));
  const pods = cast.objects.map((object) => text(at(object, "status", "podIP")));
  return {
    hosts: scene.hosts,
    serviceNames: scene.hosts
      .filter((host) => host.endsWith(suffix))
      .map((host) => host.slice(0, host.indexOf("."))),
    clientNamespace: client.namespace,
    clientLabels: client.labels ?? {},
    namespaces: cast.namespaces,
    ruleHosts: rules.map((rule) => rule.host),
    exportSets: rules.map((rule) => rule.exportTo),
    selectors: rules.flatMap((rule) => (rule.selector ? [rule.selector] : [])),
    subsetNames: rules.flatMap((rule) => rule.subsets.map((subset) => subset.name)),
    ports: [
      ...services.flatMap((service) => service.ports.map((port) => port.number)),
      ...policies.flatMap((policy) => (policy?.ports ?? []).flatMap(({ number }) => number ?? [])),
    ].filter((port) => port !== 0),
    addresses: [...endpoints.map(({ address }) => address), ...pods].filter((one) => one !== ""),
    inside: mesh.facts.clusterCidrs.map((cidr) => cidr.replace(/\/.*$/, "")),
  };
}

/** The objects as they are in one world. */
function played(objects: readonly Plain[], choices: readonly Choice[], index: number): Plain[] {
  const all = [...objects];
  let rest = index;
  for (const { options } of choices) {
    options[rest % options.length]?.(all);
    rest = Math.floor(rest / options.length);
  }
  return all;
}

/** What holds for the concern if the objects are these. */
function placesIn(setting: Setting, objects: readonly Plain[]): Map<string, Place> {
  const world = readMesh(objects as readonly KubeObject[], setting.mesh.facts);
  const places = new Map<string, Place>();
  for (const alias of aliasesIn(setting, world, objects)) {
    for (const { host, answer } of questionsOf(world, alias)) {
      for (const found of answer(setting.client)) {
        const port = setting.knownPorts?.has(found.port) === false ? 0 : found.port;
        const outcome = { ...found, port };
        const place: Place = { alias, host, outcome, answer: answerOf(alias, outcome) };
        const key = `${host}|${port}|${outcome.subset}`;
        if ((places.get(key)?.answer ?? "ok") === "ok") places.set(key, place);
      }
    }
  }
  return places;
}

/** What an outcome means for an alias. */
export function answerOf(alias: Alias, outcome: Outcome): Answer {
  if (!isMutual(outcome)) return "ok";
  return isCertain(alias) ? "violation" : "undecided";
}

/** The aliases that the concern's own object is in a world. */
function aliasesIn(setting: Setting, world: Mesh, objects: readonly Plain[]): Alias[] {
  const { object, alias } = setting.scene.concern;
  if (!object) return alias ? [alias] : [];
  const own = objects[setting.objects.indexOf(object)];
  const services = (own && world.servicesByObject.get(own)) ?? [];
  // Hosts of a ServiceEntry that are known have concerns of their own.
  const others = alias ? [] : (setting.mesh.servicesByObject.get(object) ?? []);
  const isOther = (host: string) =>
    object.kind === "ServiceEntry" &&
    (alias ? host !== alias.host : others.some((other) => other.host === host));
  return services
    .filter((service) => !isOther(service.host))
    .flatMap((service) => aliasOf(world, service) ?? []);
}

/** Ports that are written down, where others aren't known; those are port 0 in the answers. */
function knownPortsOf(
  unclear: Unclear,
  objects: readonly Plain[],
): ReadonlySet<number> | undefined {
  const services = objects.filter(({ kind }) => kind === "Service" || kind === "ServiceEntry");
  const isOpen = services.some((object) =>
    unclear.blurred
      .get(object)
      ?.paths.some((path) => path[0] === "spec" && (path.length === 1 || path[1] === "ports")),
  );
  if (!isOpen) return undefined;
  const ports = services.flatMap((object) => items(at(object, "spec", "ports")));
  return new Set(
    ports.flatMap((port) => wholeNumber(at(port, "port")) ?? wholeNumber(at(port, "number")) ?? []),
  );
}

/** With more worlds than can be tried, nothing is certain but that something could be wrong. */
function leftOpen(setting: Setting, choices: readonly Choice[]): Possibility[] {
  const { ref, alias } = setting.scene.concern;
  const places = [...placesIn(setting, setting.objects).values()];
  const host = setting.scene.hosts[0] ?? "";
  const nothing: Place = {
    alias: alias ?? { ref, host, target: "", why: "no-known-address", ports: [] },
    host,
    outcome: { port: 0, subset: "", saysIstioMutual: false },
    answer: "undecided",
  };
  return (places.length > 0 ? places : [nothing]).map((place) => ({
    ...place,
    answer: "undecided",
    unknowns: choices.flatMap(({ unknown }) => unknown ?? []),
    reason: "too many values aren't known to try them all",
  }));
}

/** A place is decided if all worlds agree; where a world lacks it, nothing is wrong there. */
function summarize(
  worlds: readonly ReadonlyMap<string, Place>[],
  choices: readonly Choice[],
): Possibility[] {
  const keys = [...new Set(worlds.flatMap((world) => [...world.keys()]))].sort(compareText);
  return keys.flatMap((key): Possibility[] => {
    const answers = worlds.map((world) => world.get(key)?.answer ?? "ok");
    const [answer = "ok"] = answers;
    const agreed = answers.every((other) => other === answer);
    const places = worlds.flatMap((world) => world.get(key) ?? []);
    const place = places.find((one) => one.answer !== "ok") ?? places[0];
    if (!place) return [];
    const tls = places.every(({ outcome }) => outcome.tls === place.outcome.tls);
    const certain = { ...place, outcome: tls ? place.outcome : withoutTls(place.outcome) };
    if (agreed) return [{ ...certain, answer, unknowns: [] }];
    const blamed = choices.filter((_, index) => decides(index, choices, answers));
    const reason = blamed.flatMap((choice) => choice.reason ?? []).join("; ");
    return [
      {
        ...certain,
        answer: "undecided",
        unknowns: blamed.flatMap(({ unknown }) => unknown ?? []),
        ...(reason !== "" && { reason }),
      },
    ];
  });
}

function withoutTls(outcome: Outcome): Outcome {
  const { port, subset, saysIstioMutual, origin, level } = outcome;
  return {
    port,
    subset,
    saysIstioMutual,
    ...(origin && { origin }),
    ...(level && { level }),
  };
}

/** Whether two worlds that differ in one choice only have different answers. */
function decides(index: number, choices: readonly Choice[], answers: readonly Answer[]): boolean {
  const step = choices
    .slice(0, index)
    .reduce((product, { options }) => product * options.length, 1);
  const count = choices[index]?.options.length ?? 1;
  return answers.some((answer, world) => {
    const digit = Math.floor(world / step) % count;
    return digit > 0 && answer !== answers[world - digit * step];
  });
}
