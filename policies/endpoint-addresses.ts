import { type ObjectRef, items } from "../mesh/index.js";
import { isGiven, map, optionalText } from "./fields.js";
import type { StackObject } from "./stack-object.js";

/** An address of an endpoint. */
export interface EndpointAddress {
  /** Undefined where it isn't known. */
  ip?: string | undefined;
  /** The Pod of the cluster that is named beside it; its parts are empty where they aren't known. */
  pod?: ObjectRef | undefined;
}

/** The addresses of Endpoints or an EndpointSlice, one at least where any may be; none of anything else. */
export function addressesOf({ object }: StackObject): EndpointAddress[] {
  const { kind, subsets, endpoints } = object;
  if (kind === "EndpointSlice") {
    return each(endpoints).flatMap((endpoint) => {
      const { addresses, targetRef } = map(endpoint);
      return each(addresses).map((ip) => ({ ip: optionalText(ip), ...podIn(targetRef) }));
    });
  }
  if (kind !== "Endpoints") return [];
  return each(subsets)
    .flatMap((subset) => [...each(map(subset).addresses), ...items(map(subset).notReadyAddresses)])
    .map((address) => {
      const { ip, targetRef } = map(address);
      return { ip: optionalText(ip), ...podIn(targetRef) };
    });
}

/** The items of a list; one that isn't known where the list isn't. */
function each(list: unknown): readonly unknown[] {
  return typeof list === "symbol" ? [list] : items(list);
}

function podIn(targetRef: unknown): { pod?: ObjectRef } {
  const { kind, namespace, name } = map(targetRef);
  if (kind !== "Pod" || !isGiven(name)) return {};
  return {
    pod: { kind, namespace: optionalText(namespace) ?? "", name: optionalText(name) ?? "" },
  };
}
