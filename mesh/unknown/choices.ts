import { NAMELESS, refOf, type Plain } from "../input/plain.js";
import type { UnknownValue } from "../input/kube-object.js";
import { pathText, withValue } from "../input/unknowns.js";
import type { Client } from "../scope/client.js";
import { completionContext } from "./completion-context.js";
import { completionsOf } from "./completions/completions.js";
import { isUnordered, possibleOrders } from "./creation-order.js";
import type { Uncertainty } from "./partial-objects.js";
import type { RelevantObjects } from "./relevant-objects.js";
import type { VisibleObjects } from "./visible-objects.js";

/** More objects than this of unknown order have too many orders. */
const MAX_UNORDERED = 5;

/** One thing that isn't known, with the ways in which it could turn out. */
export interface Choice {
  options: readonly ((objects: Plain[]) => void)[];
  unknown?: UnknownValue;
  /** Where no single value is to blame. */
  reason?: string;
}

/** What can turn out in more than one way; undefined where there are too many orders to try. */
export function choicesIn(
  relevant: RelevantObjects,
  visible: VisibleObjects,
  client: Client,
  objects: readonly Plain[],
): Choice[] | undefined {
  const { partialObjects } = relevant.uncertainty;
  const context = completionContext(relevant, visible, client);
  const values = objects.flatMap((object, index) =>
    (partialObjects.get(object)?.paths ?? []).map((path): Choice => ({
      options: completionsOf(object, path, context).map((value) => (all: Plain[]) => {
        all[index] = withValue(all[index] ?? object, path, value);
      }),
      unknown: { object: refOf(object), path: pathText(path) },
    })),
  );
  const orders = unorderedGroups(partialObjects, visible).map((group) =>
    orderChoice(group, objects),
  );
  return orders.every((order) => order !== undefined) ? [...values, ...orders] : undefined;
}

/** Groups of objects of which the older one counts, where it isn't known which that is. */
function unorderedGroups(
  partialObjects: Uncertainty["partialObjects"],
  visible: VisibleObjects,
): Plain[][] {
  const groups = new Map<string, Plain[]>();
  const put = (key: string, object: Plain) => {
    const group = groups.get(key);
    if (group) group.push(object);
    else groups.set(key, [object]);
  };
  const withUnknownHost = new Set(
    visible.rules
      .filter((rule) => partialObjects.get(rule.object)?.identityUnknown)
      .map((rule) => rule.ref.namespace),
  );
  const anywhere = withUnknownHost.has(NAMELESS);
  for (const { ref, host, object } of visible.rules) {
    // A rule whose host isn't known may be about any host of its namespace.
    const isMixed = anywhere || withUnknownHost.has(ref.namespace);
    put(anywhere ? "rules" : isMixed ? ref.namespace : `${ref.namespace}|${host}`, object);
  }
  for (const object of visible.objects) {
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
