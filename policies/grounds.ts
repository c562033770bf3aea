import { writeFileSync } from "node:fs";
import type { EnforcementLevel } from "@pulumi/policy";
import type { PackConfiguration } from "./engine-requests.js";
import { SNAPSHOT_VARIABLE } from "./snapshot.js";

/** What the pack's answers about a stack rest on besides the stack. */
export interface Grounds {
  /** Waivers that covered something, in words. */
  waivers: string[];
  /** How every rule was configured, by name. */
  levels: Record<string, EnforcementLevel>;
}

/** Where grounds are left: beside the snapshot. */
export function groundsFile(snapshot: string): string {
  return `${snapshot}.grounds`;
}

/** Writes the grounds into the snapshot, if one is requested. */
export function leaveGrounds(
  waivers: readonly string[],
  pack: PackConfiguration,
  snapshot = process.env[SNAPSHOT_VARIABLE],
): void {
  if (!snapshot) return;
  const levels = Object.fromEntries([...pack].map(([name, { level }]) => [name, level]));
  const grounds: Grounds = { waivers: waivers.toSorted(), levels };
  writeFileSync(groundsFile(snapshot), JSON.stringify(grounds), { mode: 0o600 });
}
