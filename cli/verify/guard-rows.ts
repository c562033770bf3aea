/** The guard's objects in the API server, compared with what the catalogue's guard is made of. */
import type { Catalogue } from "../../catalogue/catalogue.js";
import { EXEMPT_NAMESPACES, guardObjects } from "../../components/guard/objects.js";
import { type Difference, differences } from "./differences.js";
import type { Reality } from "./reality.js";
import { row, type Row } from "./row.js";

/** An object of the guard, as the stack creates it. */
export interface GuardObject {
  kind: "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding";
  name: string;
  spec: object;
}

/** All of a catalogue's guard; none where it has no guard. */
export function declaredGuard({ guard, aliases, mesh }: Catalogue): GuardObject[] {
  if (!guard) return [];
  const { waivers, exemptNamespaces = EXEMPT_NAMESPACES } = guard;
  const { rules, addresses } = guardObjects(
    { ...guard, exemptNamespaces },
    { aliases, waivers, mesh },
  );
  return [rules, addresses].flatMap(({ name, policy, binding }): GuardObject[] => [
    { kind: "ValidatingAdmissionPolicy", name, spec: policy },
    { kind: "ValidatingAdmissionPolicyBinding", name, spec: binding },
  ]);
}

/** How an object of the guard is identified. */
export function guardKey({ kind, name }: Pick<GuardObject, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** A row for each of the guard's objects: every field of its spec counts. */
export function guardRows(catalogue: Catalogue, { guard }: Pick<Reality, "guard">): Row[] {
  return declaredGuard(catalogue).map((declared) => {
    const key = guardKey(declared);
    const found = guard.get(key)?.spec;
    if (found === undefined) return row(key, "as declared", undefined);
    const differing = differences(declared.kind, declared.spec, found).map(shortened);
    if (differing.length === 0) return row(key, "as declared", "as declared");
    const texts = (side: "declared" | "found") =>
      differing.map((one) => `${one.field} ${one[side]}`).join(", ");
    return row(key, texts("declared"), texts("found"));
  });
}

/** A text that is longer, or has lines, is shown by the lines that the other one hasn't. */
const LONGEST = 120;
const MOST_LINES = 3;

function shortened({ field, declared, found }: Difference): Difference {
  if ([declared, found].every(isShort)) return { field, declared, found };
  return { field, declared: linesOnlyIn(declared, found), found: linesOnlyIn(found, declared) };
}

function isShort(text: string): boolean {
  return text.length <= LONGEST && !text.includes("\n");
}

function linesOnlyIn(text: string, other: string): string {
  const known = new Set(other.split("\n"));
  const lines = text.split("\n").filter((line) => !known.has(line));
  const more = lines.length - MOST_LINES;
  if (lines.length === 0) return "without that";
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line));
  return `with "${shown.join('", "')}"${more > 0 ? ` and ${more} more` : ""}`;
}
