import { type ObjectRef, refText } from "../input/kube-object.js";
import type { CompletedValue, Verdict, Witness } from "../verdicts/verdict.js";

/**
 * What would have to be so for each answer to an undecided verdict: `if n/a is older than n/b: ok; if
 * n/b is older than n/a: violation`. "" where nothing but the alias itself distinguishes the two.
 */
export function witnessWords({ witnesses = [] }: Verdict): string {
  const [ok, wrong] = witnesses;
  if (!ok || !wrong) return "";
  const conditions = [conditionsOf(ok, wrong), conditionsOf(wrong, ok)];
  if (conditions.some((parts) => parts.length === 0)) return "";
  return [ok, wrong]
    .map(({ verdict }, index) => `if ${conditions[index]?.join(" and ")}: ${verdict}`)
    .join("; ");
}

/** What is so in one completion and not in the other. */
function conditionsOf(one: Witness, other: Witness): string[] {
  const values = one.values
    .filter((value, index) => valueText(value) !== valueText(other.values[index]))
    .map(valueText);
  const orders = one.oldestFirst
    .filter((order) => !other.oldestFirst.some((same) => namesOf(same) === namesOf(order)))
    .map(orderText);
  const leads =
    one.leadsOutside === undefined || one.leadsOutside === other.leadsOutside
      ? []
      : [one.leadsOutside ? "it leads outside" : "it leads to a server of the mesh"];
  return [...values, ...orders, ...leads];
}

/** Longer values are named by what they belong to only. */
const LONGEST_VALUE = 60;

function valueText(value: CompletedValue | undefined): string {
  if (!value) return "";
  const { object, path, isAbsent } = value;
  const place = `${path} of ${object.kind} ${refText(object)}`;
  if (isAbsent) return `${place} is left out`;
  const text = JSON.stringify(value.value) ?? "";
  return `${place} is ${text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text}`;
}

function orderText(order: readonly ObjectRef[]): string {
  const [first = "", second = "", ...others] = order.map(refText);
  return others.length === 0
    ? `${first} is older than ${second}`
    : `${first} is the oldest, then ${second}`;
}

function namesOf(order: readonly ObjectRef[]): string {
  return order.map(refText).join();
}
