import { aliasOf, isCertain, type Alias } from "./aliases.js";
import { isMutual, questionsOf, viewerOf } from "./answers.js";
import { castOf, choicesIn, mayBeMutual, type Cast, type Choice } from "./choices.js";
import type { Outcome } from "./clusters.js";
import { OTHER_PORT } from "./completions/values.js";
import { at, compareText, items, wholeNumber, type Plain } from "./fields.js";
import { readMesh, type Mesh } from "./mesh.js";
import type { KubeObject, UnknownValue } from "./objects.js";
import type { Scene } from "./scene.js";
import type { Unclear } from "./unclear.js";
import type { Client } from "./verdict.js";

/** More than this many worlds aren't tried; the answer is then that it isn't known. */
const MAX_WORLDS = 256;
export type Answer = "ok" | "violation" | "undecided";

/** How a host, port and subset turn out in one world. */
export interface Place {
  alias: Alias;
  host: string;
  outcome: Outcome;
  answer: Answer;
  /** There is a cluster with Istio's mutual TLS (of a possibility: in some world). */
  isLive: boolean;
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
  unclear: Unclear;
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
  if (!mayBeMutual(cast)) return undefined;
  const objects = [...new Set([...cast.objects, ...cast.rules.map((rule) => rule.object)])];
  const choices = scene.isTooBig
    ? undefined
    : choicesIn(mesh, unclear, scene, client, cast, objects);
  const count = choices?.reduce((product, { options }) => product * options.length, 1) ?? Infinity;
  const setting: Setting = { mesh, unclear, scene, client, objects };
  if (!choices || count > MAX_WORLDS) return leftOpen(setting, choices ?? []);
  const worlds: ReadonlyMap<string, Place>[] = [];
  for (let index = 0; index < count; index++) {
    worlds.push(placesIn(setting, played(objects, choices, index)));
  }
  const isVague = objects.some((object) => unclear.blurred.get(object)?.isVague);
  return summarize(worlds, choices, isVague || isUnclearlyAccepted(unclear, cast));
}

/** Whether the mutual TLS that endpoints accept depends on which of two policies is older. */
function isUnclearlyAccepted(unclear: Unclear, cast: Cast): boolean {
  return cast.namespaces.some((namespace) => unclear.unorderedPolicies.has(namespace));
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
  const viewer = viewerOf(world, setting.client);
  const places = new Map<string, Place>();
  for (const alias of aliasesIn(setting, world, objects)) {
    for (const { host, answer } of questionsOf(world, alias)) {
      const known = knownPorts(setting, host);
      for (const found of answer(viewer)) {
        const isKnown = known?.has(found.port) ?? found.port !== OTHER_PORT;
        const port = isKnown ? found.port : 0;
        const outcome = { ...found, port };
        const place = placeOf(alias, host, outcome);
        const key = `${host}|${port}|${outcome.subset}`;
        if ((places.get(key)?.answer ?? "ok") === "ok") places.set(key, place);
      }
    }
  }
  return places;
}

/** What an outcome means for an alias. */
export function placeOf(alias: Alias, host: string, outcome: Outcome): Place {
  const wrong = isCertain(alias) ? "violation" : "undecided";
  const answer = isMutual(outcome) ? wrong : "ok";
  return { alias, host, outcome, answer, isLive: outcome.tls === "ISTIO_MUTUAL" };
}

/** The aliases that the concern's own object is in a world. */
function aliasesIn(setting: Setting, world: Mesh, objects: readonly Plain[]): Alias[] {
  const { object, alias } = setting.scene.concern;
  if (!object) return alias ? [alias] : [];
  const own = objects[setting.objects.indexOf(object)];
  const services = (own && world.servicesByObject.get(own)) ?? [];
  // Hosts of a ServiceEntry that are known have concerns of their own.
  const known = alias ? [] : (setting.mesh.servicesByObject.get(object) ?? []);
  const others = known.filter((service) => aliasOf(setting.mesh, service) !== undefined);
  const isOther = (host: string) =>
    object.kind === "ServiceEntry" &&
    (alias ? host !== alias.host : others.some((other) => other.host === host));
  return services
    .filter((service) => !isOther(service.host))
    .flatMap((service) => aliasOf(world, service) ?? []);
}

/**
 * The ports of a host that are written down, where others aren't known: those are port 0 in the
 * answers. Undefined where all are known.
 */
function knownPorts(setting: Setting, host: string): ReadonlySet<number> | undefined {
  const { mesh, unclear, scene } = setting;
  const services = mesh.registry.of(host).map((service) => service.object);
  const objects = services.length > 0 ? services : [scene.concern.object];
  const isOpen = objects.some((object) =>
    (object && unclear.blurred.get(object)?.paths)?.some(
      (path) => path[0] === "spec" && (path.length === 1 || path[1] === "ports"),
    ),
  );
  if (!isOpen) return undefined;
  const ports = objects.flatMap((object) => items(at(object, "spec", "ports")));
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
    isLive: false,
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
  isVague: boolean,
): Possibility[] {
  const keys = [...new Set(worlds.flatMap((world) => [...world.keys()]))].sort(compareText);
  return keys.flatMap((key): Possibility[] => {
    const answers = worlds.map((world) => world.get(key)?.answer ?? "ok");
    const [answer = "ok"] = answers;
    const agreed = answers.every((other) => other === answer);
    const places = worlds.flatMap((world) => world.get(key) ?? []);
    const place = places.find((one) => one.answer !== "ok") ?? places[0];
    if (!place) return [];
    const isSure =
      !isVague &&
      places.length === worlds.length &&
      places.every(({ outcome }) => outcome.tls === place.outcome.tls);
    const certain = {
      ...place,
      outcome: isSure ? place.outcome : withoutTls(place.outcome),
      isLive: places.some(({ isLive }) => isLive),
    };
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
