import type { Outbound } from "./question.js";

/** One place where the two differ; a side that is absent sends nothing. */
export interface Difference {
  /** Index in the question's clients. */
  client: number;
  /** `host:port` and the subset, if any. */
  place: string;
  istiod?: string;
  model?: string;
}

/** Where two sides that say something about places don't say the same. */
export function differencesBetween(
  client: number,
  istiod: Map<string, string>,
  model: Map<string, string>,
): Difference[] {
  const places = [...new Set([...istiod.keys(), ...model.keys()])].sort();
  return places
    .filter((place) => istiod.get(place) !== model.get(place))
    .map((place) => ({ client, place, istiod: istiod.get(place), model: model.get(place) }));
}

/** A cluster's place, for people and as a key. */
export function placeOf({
  host,
  port,
  subset,
}: Pick<Outbound, "host" | "port" | "subset">): string {
  return `${host}:${port}${subset === "" ? "" : ` ${subset}`}`;
}
