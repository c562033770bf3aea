import { z } from "zod";
import { Mistake } from "../mistake.js";
import { posture, type Posture } from "./row.js";

/** The posture for programs, and to be compared with later. */
export function postureJson(all: Posture): string {
  return `${JSON.stringify(all, undefined, 2)}\n`;
}

/**
 * A posture that {@link postureJson} wrote; undefined for text that is something else.
 *
 * @throws {Mistake} if it looks like one and can't be used
 */
export function readPosture(text: string, file: string): Posture | undefined {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || !("rows" in value)) return undefined;
  const { success, data, error } = posture.safeParse(value);
  if (!success) throw new Mistake(`${file}: not a posture: ${z.prettifyError(error)}`);
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
