/** The aliases on their way into the catalogue: each step keeps those that pass it. */
import {
  type Catalogue,
  type CatalogueAlias,
  CatalogueError,
  parseCatalogue,
} from "../../catalogue/catalogue.js";
import {
  at,
  judge,
  type KubeObject,
  type Mesh,
  type MeshFacts,
  type ObjectRef,
  namedText,
  objectText,
  refText,
} from "../../mesh/index.js";
import { Mistake } from "../mistake.js";
import { aliasHost } from "../verify/declared.js";
import type { Difference } from "../verify/differences.js";
import { compare } from "./comparison.js";
import { type Change, changesBetween, meshAfter } from "./effect.js";
import { madeObjects } from "./made.js";
import { type ObjectsThere, refOf } from "./there.js";
import { istioMutual } from "./tls.js";
import { type LeftOut, sift, Unsayable, type WrittenAlias } from "./written.js";

/** An alias as it is written, and the Service that it is today. */
export interface Candidate {
  object: ObjectRef;
  written: WrittenAlias;
}

/** An alias that a catalogue can say. */
export interface Entry extends Candidate {
  alias: CatalogueAlias;
  /** What `up` applies for it. */
  made: KubeObject[];
}

/** What is there, and what is wanted of the import. */
export interface Surroundings {
  there: ObjectsThere;
  /** The objects that are there, as the model reads them. */
  mesh: Mesh;
  facts: Partial<MeshFacts>;
  fix: boolean;
}

/**
 * Leaves out what breaks the catalogue's own rules.
 *
 * @throws {Mistake} if the facts of the mesh are such that no catalogue can have them
 */
export function valid(
  candidates: readonly Candidate[],
  facts: Partial<MeshFacts>,
  leftOut: LeftOut[],
): Entry[] {
  const { catalogue, reasons } = read(candidates, facts);
  if (catalogue) {
    const { aliases, mesh } = catalogue;
    return candidates.map((candidate, i) => {
      const alias = aliases[i]!;
      return { ...candidate, alias, made: madeObjects(alias, mesh) };
    });
  }
  const good = candidates.filter((_, i) => !reasons.has(i));
  for (const [i, reason] of reasons) {
    leftOut.push({ object: candidates[i]!.object, reason, isViolation: false });
  }
  return valid(good, facts, leftOut);
}

/** A catalogue, or what is wrong with which of its aliases. */
function read(
  candidates: readonly Candidate[],
  mesh: Partial<MeshFacts>,
): { catalogue?: Catalogue; reasons: Map<number, string> } {
  const reasons = new Map<number, string>();
  try {
    const aliases = candidates.map(({ written }) => written);
    return { catalogue: parseCatalogue({ mesh, clients: [], aliases }, "import"), reasons };
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    for (const { key, message } of error.issues) {
      const [, index, field = ""] = /aliases\[(\d+)\]\.?(.*)$/.exec(key) ?? [];
      if (index === undefined) throw new Mistake(`${key}: ${message}.`);
      const reason = `can't be declared as it is: ${field ? `${field}: ` : ""}${message}`;
      const others = reason.replaceAll(/aliases\[(\d+)\]/g, (_, other: string) =>
        refText(candidates[Number(other)]!.object),
      );
      if (!reasons.has(Number(index))) reasons.set(Number(index), others);
    }
    return { reasons };
  }
}

/** Leaves out aliases some object of which would change in another way than whose it is. */
export function unchanged(
  entries: readonly Entry[],
  { there, mesh, fix }: Surroundings,
  leftOut: LeftOut[],
  fixed: string[],
): Entry[] {
  return sift(entries, leftOut, (entry) => {
    const corrections: string[] = [];
    for (const object of entry.made) {
      const ref = refOf(object);
      const same = there.same(object);
      if (same) {
        const { changed } = compare(object, same, mesh.facts.clusterDomain);
        for (const difference of changed) {
          const text = `${namedText(ref)}: ${differenceText(difference)}`;
          if (!fix || !isOfTls(difference)) throw new Unsayable(`would change: ${text}`);
          corrections.push(`${text}.`);
        }
      } else if (object.kind === "VirtualService") {
        const text = `${namedText(ref)}, which gives requests the Host ${authorityIn(object)}`;
        if (!fix) throw new Unsayable(`would get ${text}; its sidecars encrypt without it today`);
        corrections.push(`${text}, is made.`);
      }
    }
    fixed.push(...corrections);
    return entry;
  });
}

function differenceText({ field, found, declared }: Difference): string {
  return `${field} is ${found}, and a catalogue says ${declared}`;
}

function isOfTls({ field }: Difference): boolean {
  return /(^|\.)tls(\.|$)/.test(field);
}

function authorityIn({ spec }: KubeObject): string {
  const [first] = at(spec, "http") as { rewrite: { authority: string } }[];
  return first?.rewrite.authority ?? "";
}

/** Leaves out aliases some client of which would get another cluster than today, by the model. */
export function unnoticed(
  entries: readonly Entry[],
  around: Surroundings,
  leftOut: LeftOut[],
): Entry[] {
  const { there, mesh, facts } = around;
  const made = entries.flatMap((entry) => entry.made);
  const after = meshAfter(there, made, facts);
  const changes = changesBetween(mesh, after).filter((change) => !isMeant(change, around.fix));
  const wrong = judge(after).filter(({ verdict }) => verdict === "violation");
  const kept = sift(entries, leftOut, (entry) => {
    const hosts = [aliasHost(entry.alias, mesh.facts), entry.alias.externalName];
    const change = changes.find(({ host }) => hosts.includes(host));
    if (change) throw new Unsayable(`would change: ${change.text}`);
    const violation = wrong.find(({ alias }) => objectText(alias) === objectText(entry.object));
    if (violation) throw istioMutual(violation);
    return entry;
  });
  // One that is gone may have been the reason for another's change.
  return kept.length === entries.length ? kept : unnoticed(kept, around, leftOut);
}

/**
 * What is no change to those who call: a cluster for a target that had none, and goes on getting what
 * the workload sends; plain text that is written down where Istio chose it for every endpoint.
 */
function isMeant({ before, after }: Change, fix: boolean): boolean {
  if (after !== "PLAIN") return false;
  return before === undefined || before === "AUTO" || (fix && before === "ISTIO_MUTUAL");
}
