import { UNKNOWN } from "../mesh/index.js";

/**
 * A copy of a resource's properties in which every value that this preview doesn't know is
 * UNKNOWN, leaf by leaf: one unknown value hides nothing but itself.
 *
 * The SDK hands properties over behind a proxy that throws an `UnknownValueError` when such a value
 * is read; only `Object.keys` and reads of one field at a time are safe. Without the proxy the
 * engine's placeholders stand in the values' places; both ways give the same copy.
 */
export function knownValues(properties: unknown): unknown {
  if (PLACEHOLDERS.has(properties as string)) return UNKNOWN;
  if (typeof properties !== "object" || properties === null) return properties;
  if (Array.isArray(properties)) {
    return Array.from({ length: properties.length }, (_, index) => field(properties, index));
  }
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(properties)) copy[name] = field(properties, name);
  return copy;
}

/** Some fields of a resource's properties, read in the same way. */
export function knownFields<Name extends string>(
  properties: unknown,
  names: readonly Name[],
): Record<Name, unknown> {
  const holder = typeof properties === "object" && properties !== null ? properties : {};
  return Object.fromEntries(names.map((name) => [name, field(holder, name)])) as Record<
    Name,
    unknown
  >;
}

function field(holder: object, name: string | number): unknown {
  let value: unknown;
  try {
    value = (holder as Record<string | number, unknown>)[name];
  } catch (error) {
    if (isUnknownValueError(error)) return UNKNOWN;
    throw error;
  }
  return knownValues(value);
}

/** By shape, not by class: the pack and its host may each carry a copy of the SDK. */
function isUnknownValueError(error: unknown): boolean {
  return error instanceof Error && "unknownTypeSentinel" in error;
}

/**
 * What the engine sends in place of an unknown boolean, number, string, list, asset, archive and
 * object (`plugin.UnknownBoolValue` and its siblings).
 */
const PLACEHOLDERS = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Whether a copy made by {@link knownValues} holds anything unknown. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasUnknown);
}
