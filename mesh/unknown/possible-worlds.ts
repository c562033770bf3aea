import { aliasOf, type Alias } from "../verdicts/alias.js";
import { assess, type Assessment } from "../verdicts/assessment.js";
import { outcomesByHost, scopedClient } from "../verdicts/outcomes.js";
import type { Verdict } from "../verdicts/verdict.js";
import type { Outcome } from "../clusters/clusters.js";
import { at, compareText, items, wholeNumber, type Plain } from "../input/plain.js";
import type { Mesh } from "../mesh.js";
import type { Client } from "../scope/client.js";
import { choicesIn, type Choice } from "./choices.js";
import { OTHER_PORT } from "./completions/values.js";
import type { RelevantObjects } from "./relevant-objects.js";
import { mayBeMutual, visibleTo, type VisibleObjects } from "./visible-objects.js";

/** More than this many worlds aren't tried; the verdict is then undecided. */
const MAX_WORLDS = 256;

/** Reads the objects of one world as istiod would. */
export type ReadWorld = (objects: readonly Plain[]) => Mesh;

/** One client's view of what is relevant to a candidate, and how to read a world of it. */
interface Search {
  relevant: RelevantObjects;
  client: Client;
  objects: readonly Plain[];
  readWorld: ReadWorld;
}

/**
 * Assesses a candidate in every possible world, that is for every way in which its unknown values
 * could turn out, and says what holds in all of them. (*Worlds* and *completions* are the words of
 * the literature on incomplete databases.) Undefined where no rule could mean ISTIO_MUTUAL, however
 * it turns out.
 */
export function assessWorlds(
  relevant: RelevantObjects,
  client: Client,
  readWorld: ReadWorld,
): Assessment[] | undefined {
  const { partialObjects } = relevant.uncertainty;
  const visible = visibleTo(relevant, client);
  if (!mayBeMutual(visible)) return undefined;
  const objects = [...new Set([...visible.objects, ...visible.rules.map((rule) => rule.object)])];
  const choices = relevant.isTooBig ? undefined : choicesIn(relevant, visible, client, objects);
  const count = choices?.reduce((product, { options }) => product * options.length, 1) ?? Infinity;
  const search: Search = { relevant, client, objects, readWorld };
  if (!choices || count > MAX_WORLDS) return allUndecided(search, choices ?? []);
  const worlds: ReadonlyMap<string, Assessment>[] = [];
  for (let index = 0; index < count; index++) {
    worlds.push(assessWorld(search, worldAt(objects, choices, index)));
  }
  const tlsMayVary = objects.some((object) => partialObjects.get(object)?.tlsMayVary);
  return summarize(worlds, choices, tlsMayVary || isAcceptedTlsUnknown(relevant, visible));
}

/** Whether the mutual TLS that endpoints accept depends on which of two policies is older. */
function isAcceptedTlsUnknown(
  { uncertainty }: RelevantObjects,
  { namespaces }: VisibleObjects,
): boolean {
  return namespaces.some((namespace) => uncertainty.unorderedPolicies.has(namespace));
}

/** The objects as they are in one world: the index has a digit for every choice. */
function worldAt(objects: readonly Plain[], choices: readonly Choice[], index: number): Plain[] {
  const all = [...objects];
  let rest = index;
  for (const { options } of choices) {
    options[rest % options.length]?.(all);
    rest = Math.floor(rest / options.length);
  }
  return all;
}

/** What holds for the candidate in one world, by host, port and subset. */
function assessWorld(search: Search, objects: readonly Plain[]): Map<string, Assessment> {
  const world = search.readWorld(objects);
  const client = scopedClient(world, search.client);
  const assessments = new Map<string, Assessment>();
  for (const alias of aliasesIn(search, world, objects)) {
    for (const { host, outcomesFor } of outcomesByHost(world, alias)) {
      const known = knownPorts(search.relevant, host);
      for (const found of outcomesFor(client)) {
        const isKnown = known?.has(found.port) ?? found.port !== OTHER_PORT;
        const port = isKnown ? found.port : 0;
        const outcome = { ...found, port };
        const key = `${host}|${port}|${outcome.subset}`;
        if ((assessments.get(key)?.verdict ?? "ok") === "ok") {
          assessments.set(key, assess(alias, host, outcome));
        }
      }
    }
  }
  return assessments;
}

/** The aliases that the candidate's own object is in a world. */
function aliasesIn({ relevant, ...search }: Search, world: Mesh, objects: readonly Plain[]) {
  const { object, alias, otherHosts } = relevant.candidate;
  if (!object) return alias ? [alias] : [];
  const own = objects[search.objects.indexOf(object)];
  const services = (own && world.servicesByObject.get(own)) ?? [];
  const isOther = (host: string) =>
    object.kind === "ServiceEntry" && (alias ? host !== alias.host : otherHosts.includes(host));
  return services
    .filter((service) => !isOther(service.host))
    .flatMap((service): Alias | [] => aliasOf(world, service) ?? []);
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

/** With more worlds than can be tried, nothing is certain but that something could be wrong. */
function allUndecided(search: Search, choices: readonly Choice[]): Assessment[] {
  const { candidate, hosts } = search.relevant;
  const { ref, alias } = candidate;
  const assessments = [...assessWorld(search, search.objects).values()];
  const host = hosts[0] ?? "";
  const nothing: Assessment = {
    alias: alias ?? { ref, host, target: "", why: "no-known-address", ports: [] },
    host,
    outcome: { port: 0, subset: "", saysIstioMutual: false },
    verdict: "undecided",
    isLive: false,
  };
  return (assessments.length > 0 ? assessments : [nothing]).map((assessment) => ({
    ...assessment,
    verdict: "undecided",
    unknowns: choices.flatMap(({ unknown }) => unknown ?? []),
    reason: "too many values aren't known to try them all",
  }));
}

/**
 * What all worlds together say of each host, port and subset: it is decided if they agree. Where a
 * world lacks it, nothing is wrong there.
 */
function summarize(
  worlds: readonly ReadonlyMap<string, Assessment>[],
  choices: readonly Choice[],
  tlsMayVary: boolean,
): Assessment[] {
  const keys = [...new Set(worlds.flatMap((world) => [...world.keys()]))].sort(compareText);
  return keys.flatMap((key): Assessment[] => {
    const verdicts = worlds.map((world) => world.get(key)?.verdict ?? "ok");
    const [verdict = "ok"] = verdicts;
    const found = worlds.flatMap((world) => world.get(key) ?? []);
    const shown = found.find((one) => one.verdict !== "ok") ?? found[0];
    if (!shown) return [];
    const isTlsKnown =
      !tlsMayVary &&
      found.length === worlds.length &&
      found.every(({ outcome }) => outcome.tls === shown.outcome.tls);
    const summary: Assessment = {
      ...shown,
      outcome: isTlsKnown ? shown.outcome : withoutTls(shown.outcome),
      isLive: found.some(({ isLive }) => isLive),
    };
    if (verdicts.every((other) => other === verdict)) return [{ ...summary, verdict }];
    const deciding = choices.filter((_, index) => decides(index, choices, verdicts));
    const reason = deciding.flatMap((choice) => choice.reason ?? []).join("; ");
    return [
      {
        ...summary,
        verdict: "undecided",
        unknowns: deciding.flatMap(({ unknown }) => unknown ?? []),
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

/** Whether two worlds that differ in one choice only have different verdicts. */
function decides(
  index: number,
  choices: readonly Choice[],
  verdicts: readonly Verdict["verdict"][],
): boolean {
  const step = choices
    .slice(0, index)
    .reduce((product, { options }) => product * options.length, 1);
  const count = choices[index]?.options.length ?? 1;
  return verdicts.some((verdict, world) => {
    const digit = Math.floor(world / step) % count;
    return digit > 0 && verdict !== verdicts[world - digit * step];
  });
}
