import { isPlain, type Plain } from "../mesh/index.js";

/**
 * Readers for rules that look at one object by itself. An unknown value reads as absent: a rule
 * that needs it says nothing, and nothing else is hidden by it.
 */

/** A map, or an empty one. */
export function map(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

/** A string, or undefined. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Whether a value is there and known to be more than nothing. */
export function isGiven(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== "" &&
    !(Array.isArray(value) && value.length === 0)
  );
}
