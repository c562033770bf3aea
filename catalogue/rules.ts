/** What must hold between the keys of a catalogue; what must hold for one key alone is in the schema. */
import { externalNameIsAlias, hasAliasSwitch, type MeshFacts } from "../mesh/index.js";
import { ALIAS_RULES, type KeyMistake } from "./aliasRules.js";
import type { Places } from "./places.js";
import type { Declared, DeclaredAlias } from "./schema.js";

type Path = readonly PropertyKey[];

/** All mistakes between keys. A rule runs where the keys that it reads are valid by themselves. */
export function findings(
  catalogue: Declared,
  issues: readonly { code?: string; path?: Path }[],
  { entry }: Places,
): KeyMistake[] {
  const broken = brokenKeys(issues);
  const meshBroken = broken().has("mesh");
  const usable = <Kind extends "aliases" | "clients">(
    kind: Kind,
    reads: readonly string[],
  ): [number, Declared[Kind][number]][] => {
    const entries = Array.isArray(catalogue[kind]) ? [...catalogue[kind].entries()] : [];
    return entries.filter(([i]) => {
      const keys = broken(kind, i);
      const whole = !keys.has(undefined);
      return whole && reads.every((key) => (key === "mesh" ? !meshBroken : !keys.has(key)));
    });
  };

  const inAliases = ALIAS_RULES.flatMap(({ reads, find }) =>
    usable("aliases", reads).flatMap(([i, alias]) =>
      find(alias, catalogue.mesh).map(({ path, message }) => ({
        path: ["aliases", i, ...path],
        message,
      })),
    ),
  );
  return [
    ...(meshBroken ? [] : aliasSwitch(catalogue.mesh)),
    ...inAliases,
    ...clientRules(usable("clients", CLIENT_KEYS)),
    ...distinctClients(usable("clients", ["namespace"]), entry),
    ...distinctAliases(
      usable("aliases", ["name", "namespace"]),
      usable("clients", ["name", "namespace"]),
      entry,
    ),
    ...targetsAgree(
      usable("aliases", ["namespace", "externalName", "ports", "tls", "mesh"]),
      catalogue.mesh,
      entry,
    ),
    ...(catalogue.guard === undefined || broken().has("guard") || broken().has("aliases")
      ? []
      : guardRules(catalogue.guard, catalogue.aliases).map(({ path, message }) => ({
          path: ["guard", ...path],
          message,
        }))),
  ];
}

const NONE: ReadonlySet<PropertyKey | undefined> = new Set();

/** The keys right below a place (the whole, or an entry) that are mistaken; undefined if the place itself is. */
function brokenKeys(issues: readonly { code?: string; path?: Path }[]) {
  const known = new Map<string, Set<PropertyKey | undefined>>();
  const add = (place: string, key: PropertyKey | undefined) => {
    known.set(place, (known.get(place) ?? new Set()).add(key));
  };
  for (const { code, path = [] } of issues) {
    if (code === "unrecognized_keys") continue;
    add("", path[0]);
    if (path.length > 1) add(path.slice(0, 2).map(String).join("/"), path[2]);
  }
  return (...at: [] | [section: string, index: number]) => known.get(at.join("/")) ?? NONE;
}

/** What must hold between the keys of a guard, and the aliases that it is for. Paths are relative to the guard. */
export function guardRules(
  { validationActions: actions, waivers }: NonNullable<Declared["guard"]>,
  aliases: readonly Pick<DeclaredAlias, "name" | "namespace">[],
): KeyMistake[] {
  const found: KeyMistake[] = [];
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const message =
      "has Deny and Warn, and a refusal needs no warning; write [Deny], or [Deny, Audit]";
    found.push({ path: ["validationActions"], message });
  }
  const known = new Set(aliases.map(({ name, namespace }) => `${namespace}/${name}`));
  for (const [i, { alias, rule, host }] of waivers.entries()) {
    const path = ["waivers", i];
    if ((alias ?? rule ?? host) === undefined) {
      found.push({ path, message: "says nothing of what is waived; write alias, rule or host" });
    } else if (alias !== undefined && !known.has(alias)) {
      const message = `${alias} is no alias of this catalogue; write one of ${[...known].join(", ")}`;
      found.push({ path: [...path, "alias"], message });
    }
  }
  return found;
}

type Aliases = [number, DeclaredAlias][];
type Client = Declared["clients"][number];
type Clients = [number, Client][];

function aliasSwitch(mesh: MeshFacts): KeyMistake[] {
  if (mesh.externalNameAlias === undefined || hasAliasSwitch(mesh)) return [];
  const message = `Istio ${mesh.istioVersion} has no such switch; leave it out`;
  return [{ path: ["mesh", "externalNameAlias"], message }];
}

/** Namespaces that every cluster has, so that nobody can make them. */
const GIVEN = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Whether a client's namespace is made here, where its entry doesn't say. */
export function createsNamespace({ namespace, createNamespace }: Client): boolean {
  return createNamespace ?? !GIVEN.includes(namespace);
}

/** How a client takes part in the mesh; a flag alone says sidecar or none. */
export function dataplaneOf({ dataplane, injected }: Pick<Client, "dataplane" | "injected">) {
  return dataplane ?? (injected ? "sidecar" : "none");
}

const CLIENT_KEYS = ["namespace", "injected", "dataplane", "createNamespace", "optOutLabel"];

function clientRules(clients: Clients): KeyMistake[] {
  return clients.flatMap(([i, client]) => {
    const { namespace, injected, dataplane, createNamespace, optOutLabel } = client;
    const found: KeyMistake[] = [];
    if (injected === undefined && dataplane === undefined) {
      const message = "missing; write true (its Pods get a sidecar) or false";
      found.push({ path: ["clients", i, "injected"], message });
    } else if (injected !== undefined && injected !== (dataplaneOf(client) === "sidecar")) {
      const message = `is ${dataplane}, and injected is ${injected}; leave injected out`;
      found.push({ path: ["clients", i, "dataplane"], message });
    }
    if (createNamespace && GIVEN.includes(namespace)) {
      const message = `namespace ${namespace} is there in every cluster; write false, or leave it out`;
      found.push({ path: ["clients", i, "createNamespace"], message });
    }
    const isOutside = dataplaneOf(client) === "none";
    if (optOutLabel !== undefined && (!isOutside || !createsNamespace(client))) {
      const message = "is for a namespace that is made here and not injected; leave it out";
      found.push({ path: ["clients", i, "optOutLabel"], message });
    }
    return found;
  });
}

function distinctClients(clients: Clients, entry: Places["entry"]): KeyMistake[] {
  return repeats(clients, ({ namespace }) => namespace).map(([i, first, namespace]) => ({
    path: ["clients", i, "namespace"],
    message: `${namespace} has a client already, ${entry("clients", first)}; write another namespace, or remove one`,
  }));
}

function distinctAliases(aliases: Aliases, clients: Clients, entry: Places["entry"]): KeyMistake[] {
  const id = ({ name, namespace }: { name: string; namespace: string }) => `${namespace}/${name}`;
  const twice = repeats(aliases, id).map(([i, first, name]) => ({
    path: ["aliases", i, "name"],
    message: `${name} is ${entry("aliases", first)} already; write another name, or remove one`,
  }));
  const services = new Map(clients.map(([i, client]) => [id(client), i]));
  const taken = aliases
    .filter(([, alias]) => services.has(id(alias)))
    .map(([i, alias]) => ({
      path: ["aliases", i, "name"],
      message: `${id(alias)} is the Service of ${entry("clients", services.get(id(alias))!)}; write another name`,
    }));
  return [...twice, ...taken];
}

/**
 * From Istio 1.21 the aliases of one target share its cluster: they can't differ in TLS or ports.
 * In one namespace they would write the target's ServiceEntry and rule twice.
 */
function targetsAgree(aliases: Aliases, mesh: MeshFacts, entry: Places["entry"]): KeyMistake[] {
  const named = aliases.filter(([, { externalName }]) => externalName !== undefined);
  if (named.length === 0 || !externalNameIsAlias(mesh)) return [];
  const byIndex = new Map(named);
  const alike = (i: number, first: number) => {
    const [alias, other] = [byIndex.get(i)!, byIndex.get(first)!];
    return JSON.stringify([alias.tls, alias.ports]) === JSON.stringify([other.tls, other.ports]);
  };
  const ofTarget = repeats(named, ({ externalName }) => externalName!);
  const inNamespace = repeats(
    named,
    ({ externalName, namespace }) => `${namespace}/${externalName}`,
  );
  const differing = ofTarget.filter(([i, first]) => !alike(i, first));
  const taken = new Set(differing.map(([i]) => i));
  const message = (target: string, first: number, why: string) =>
    `${target} is the target of ${entry("aliases", first)} already, ${why}, and Istio has one ` +
    "cluster for a target; write one alias for both, or the same ports and tls in another namespace";
  const found = [
    ...differing.map(([i, first]) => [i, first, "with other ports or another tls"] as const),
    ...inNamespace
      .filter(([i]) => !taken.has(i))
      .map(([i, first]) => [i, first, "in the same namespace"] as const),
  ];
  return found
    .toSorted(([one], [other]) => one - other)
    .map(([i, first, why]) => ({
      path: ["aliases", i, "externalName"],
      message: message(byIndex.get(i)!.externalName!, first, why),
    }));
}

/** Entries whose key stood before: index, index of the first, key. */
function repeats<Entry>(
  entries: readonly [number, Entry][],
  keyOf: (entry: Entry) => string,
): [number, number, string][] {
  const first = new Map<string, number>();
  return entries.flatMap(([i, entry]): [number, number, string][] => {
    const key = keyOf(entry);
    const before = first.get(key);
    if (before === undefined) first.set(key, i);
    return before === undefined ? [] : [[i, before, key]];
  });
}
