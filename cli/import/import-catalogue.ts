/**
 * What stands in a cluster as the catalogue that would make it: the aliases that can be taken over so
 * that nobody who calls them notices, and why the others can't.
 */
import {
  type Alias,
  externalAliases,
  judge,
  type KubeObject,
  type Mesh,
  type MeshFacts,
  type ObjectRef,
  type Plain,
  readMesh,
  objectText,
  indexBy,
} from "../../mesh/index.js";
import { type Beside, besides } from "./beside.js";
import { candidateOf } from "./candidate.js";
import { compare } from "./comparison.js";
import { type Candidate, type Entry, unchanged, unnoticed, valid } from "./entries.js";
import { managersOf, ObjectsThere, refOf } from "./there.js";
import { type LeftOut, sift, type WrittenAlias } from "./written.js";

/** What to import. */
export interface ImportQuestion {
  objects: readonly KubeObject[];
  /** What is known of the mesh: as the cluster says, or the user. */
  facts: Partial<MeshFacts>;
  /** Whether what is a fault today is declared as what it should be. @default false */
  fix?: boolean;
  /** Only aliases in these namespaces. @default all */
  namespaces?: readonly string[];
}

/** What came of it. */
export interface Imported {
  /** As it goes into a stack file. */
  catalogue: { mesh?: Partial<MeshFacts>; clients: []; aliases: WrittenAlias[] };
  /** Objects that `up` takes over. */
  takenOver: TakenOver[];
  /** Objects that `up` makes. */
  created: ObjectRef[];
  /** Aliases that a catalogue can't say, or not without a change that somebody notices. */
  leftOut: LeftOut[];
  /** Objects that are about the aliases, too, and stay as they are. */
  beside: Beside[];
  /** What `up` puts right, a sentence each; none without `fix`. */
  fixed: string[];
}

export interface TakenOver {
  object: ObjectRef;
  /** Fields that a catalogue doesn't have; they stay. */
  kept: string[];
  /** Who has applied it until now, as far as it says. */
  managers: string[];
}

/** @throws {Mistake} if the facts of the mesh are such that no catalogue can have them */
export function importCatalogue({
  objects,
  facts,
  fix = false,
  namespaces,
}: ImportQuestion): Imported {
  const there = new ObjectsThere(objects);
  const mesh = readMesh(objects, facts);
  const around = { there, mesh, facts, fix };
  const aliases = externalAliases(mesh).filter(
    ({ ref }) => namespaces?.includes(ref.namespace) ?? true,
  );
  const leftOut: LeftOut[] = [];
  const fixed: string[] = [];
  const add = (text: string) => void fixed.push(text);
  const candidates = candidatesOf(aliases, { ...around, fixed: add }, leftOut);
  const said = valid(candidates, facts, leftOut);
  const entries = unnoticed(unchanged(said, around, leftOut, fixed), around, leftOut);

  const beside = besides(entries, there, mesh);
  leftOut.push(...hostsOf(aliases, entries, beside));
  const made = entries.flatMap((entry) => entry.made);
  return {
    catalogue: {
      ...(Object.keys(facts).length > 0 && { mesh: facts }),
      clients: [],
      aliases: entries.map(({ written }) => written),
    },
    takenOver: made.flatMap((object) => {
      const same = there.same(object);
      if (!same) return [];
      const { kept } = compare(object, same, mesh.facts.clusterDomain);
      return [{ object: refOf(object), kept, managers: managersOf(same) }];
    }),
    created: made.filter((object) => !there.same(object)).map(refOf),
    leftOut,
    beside,
    fixed,
  };
}

interface Around {
  there: ObjectsThere;
  mesh: Mesh;
  fix: boolean;
  fixed: (text: string) => void;
}

function candidatesOf(aliases: readonly Alias[], around: Around, leftOut: LeftOut[]): Candidate[] {
  const { there, mesh } = around;
  const verdicts = indexBy(judge(mesh), ({ alias }) => objectText(alias));
  const services = aliases.flatMap(({ ref }) => {
    const service = ref.kind === "Service" && there.find("v1", "Service", ref.namespace, ref.name);
    return service ? [{ object: ref, service }] : [];
  });
  return sift(services, leftOut, ({ object, service }: { object: ObjectRef; service: Plain }) => {
    const own = verdicts.get(objectText(object)) ?? [];
    return { object, written: candidateOf(service, { ...around, verdicts: own }) };
  });
}

/** Hosts outside that are called by their own names, but for the targets of imported aliases. */
function hostsOf(
  aliases: readonly Alias[],
  entries: readonly Entry[],
  beside: readonly Beside[],
): LeftOut[] {
  const known = new Set([
    ...entries.flatMap(({ made }) => made.map((object) => objectText(refOf(object)))),
    ...beside.map(({ object }) => objectText(object)),
  ]);
  const entriesOfHosts = new Map(
    aliases
      .filter(({ ref }) => ref.kind === "ServiceEntry" && !known.has(objectText(ref)))
      .map(({ ref, host }) => [objectText(ref), { ref, host }]),
  );
  return [...entriesOfHosts.values()].map(({ ref, host }) => ({
    object: ref,
    reason: `is for ${host} under its own name; a catalogue declares other names for what is outside`,
    isViolation: false,
  }));
}
