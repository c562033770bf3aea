/** Rules one at a time: what the model says of each alone, and what the guard says. */
import fc from "fast-check";
import type { GuardedAlias } from "../../components/guard/parameters.js";
import {
  DEFAULT_FACTS,
  externalAliases,
  judge,
  readMesh,
  type KubeObject,
  type MeshFacts,
} from "../../mesh/index.js";
import type { Decision } from "../mesh/decisions.js";
import { endpoints, HTTP, HTTPS, namespaces, service, serviceEntry } from "../mesh/objects.js";
import { ruleObjects, rules } from "../oracle/arbitraries/destination-rules.js";
import { DOMAIN } from "../oracle/arbitraries/names.js";

export const NAMESPACES = namespaces("n", "x", "y");

const isRule = ({ kind }: KubeObject) => kind === "DestinationRule";

/** What the model says of one rule among objects of which no other is a rule. */
export function verdictAlone(
  rule: KubeObject,
  others: readonly KubeObject[],
  facts: Partial<MeshFacts> = {},
): "violation" | "undecided" | "ok" {
  const alone = [...others.filter((object) => !isRule(object)), rule, ...NAMESPACES];
  const verdicts = judge(readMesh(alone, facts)).map(({ verdict }) => verdict);
  return verdicts.includes("violation")
    ? "violation"
    : verdicts.includes("undecided")
      ? "undecided"
      : "ok";
}

/** What a guard of a mesh goes by. */
export interface Guarded {
  aliases: GuardedAlias[];
  mesh: MeshFacts;
}

/** A row's aliases, as a catalogue would declare them: Services, and ServiceEntries' hosts as externalHosts. */
export function guardedIn({ objects, facts = {} }: Decision): Guarded {
  const mesh = { ...DEFAULT_FACTS, ...facts };
  const found = externalAliases(readMesh([...objects, ...NAMESPACES], facts));
  const services = found.filter(({ ref }) => ref.kind === "Service");
  return {
    aliases: services.map(({ ref, why, target, ports }) => ({
      name: ref.name,
      namespace: ref.namespace,
      ...(why === "external-name" && { externalName: target }),
      // An ExternalName needs none; a catalogue asks for at least one.
      ports: (ports.length > 0 ? ports : [443]).map((port) => ({ port })),
    })),
    mesh: {
      ...mesh,
      externalHosts: found.filter(({ ref }) => ref.kind !== "Service").map(({ host }) => host),
    },
  };
}

/** The mesh that random rules are about: a catalogue's aliases, of addresses and of a name. */
export const RANDOM_MESH = {
  objects: [
    service("n", "w", { ports: [HTTPS] }),
    endpoints("n", "w"),
    service("x", "my-w", { ports: [HTTPS, HTTP] }),
    endpoints("x", "my-w"),
    service("n", "e", { type: "ExternalName", externalName: "h.org", ports: [HTTP] }),
    serviceEntry("n", "h.org", {
      hosts: ["h.org"],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    }),
  ],
  aliases: [
    { name: "w", namespace: "n", ports: [HTTPS] },
    { name: "my-w", namespace: "x", ports: [HTTPS, HTTP] },
    { name: "e", namespace: "n", externalName: "h.org", ports: [HTTP] },
  ],
  mesh: { ...DEFAULT_FACTS, externalHosts: ["*.ex.com"] },
};

/** Rules as dense in hosts, levels and scopes as those that the model is held against istiod with. */
export function randomRules(count: number, seed: number): KubeObject[] {
  const services = RANDOM_MESH.objects.filter(({ kind }) => kind === "Service");
  return fc.sample(fc.noBias(rules), { numRuns: count, seed }).map(([first]) => {
    const objects = ruleObjects([first!], services as never);
    const [rule] = JSON.parse(
      JSON.stringify(objects).replaceAll(DOMAIN, DEFAULT_FACTS.clusterDomain),
    ) as KubeObject[];
    return rule!;
  });
}
